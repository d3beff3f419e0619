#include "core/replay/clairvoyant.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

namespace warmup::replay {

Clairvoyant::Clairvoyant(shadow::Machine& machine, Future future, size_t items)
    : Belady(machine, std::move(future)) {
  for (size_t i = 0; i < items; ++i) Miss(static_cast<shadow::ItemId>(i));
}

void Clairvoyant::OnRequest(const shadow::Request& request,
                            shadow::Outcome outcome) {
  Belady::OnRequest(request, outcome);
  if (outcome == shadow::Outcome::kCold) Miss(request.item);
}

void Clairvoyant::OnStart(shadow::Micros /*now*/, shadow::ItemId item) {
  missing_.Remove(item);
}

void Clairvoyant::OnEvicted(shadow::Micros /*now*/, shadow::ItemId item) {
  Miss(item);
}

void Clairvoyant::OnCancelled(shadow::Micros /*now*/, shadow::ItemId item) {
  Miss(item);
}

shadow::ItemId Clairvoyant::Preload(shadow::Micros now) {
  if (missing_.empty()) return shadow::kNoItem;
  const shadow::ItemId guess = missing_.first().second;
  return MakeRoomForGuess(now, guess) ? guess : shadow::kNoItem;
}

void Clairvoyant::Miss(shadow::ItemId item) {
  missing_.Remove(item);
  const int64_t place = future().NextPlace(item);
  if (place == Future::kNever ||
      machine().CostOf(item).size > machine().budget()) {
    return;
  }
  missing_.Put(item, place);
}

bool Clairvoyant::MakeRoomForGuess(shadow::Micros now, shadow::ItemId guess) {
  int64_t lacking = machine().CostOf(guess).size - machine().Free();
  if (lacking <= 0) return true;
  std::vector<std::pair<int64_t, shadow::ItemId>> later;
  for (const shadow::ItemId item : machine().ready()) {
    const int64_t place = future().NextPlace(item);
    if (place > future().NextPlace(guess)) later.emplace_back(place, item);
  }
  std::sort(later.begin(), later.end(), std::greater<>());
  size_t victims = 0;
  while (lacking > 0 && victims < later.size()) {
    lacking -= machine().CostOf(later[victims++].second).size;
  }
  if (lacking > 0) return false;
  for (size_t i = 0; i < victims; ++i) machine().Evict(now, later[i].second);
  return true;
}

}  // namespace warmup::replay
