#include "core/foresight/expert.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace warmup::foresight {
namespace {

using shadow::ItemId;
using shadow::Micros;

constexpr double kSizeExponent = 0.9;
constexpr double kLoadShare = 0.15;
constexpr double kFirstByte = 1;  // seconds of a load that are no transfer
// Both sides of a swap are estimates, and one that was wrong costs two loads.
constexpr double kSwapMargin = 1.05;
constexpr double kFetchShare = 0.75;
constexpr size_t kTried = 12;

}  // namespace

double PriceOf(const shadow::ItemCost& cost) {
  const double seconds = static_cast<double>(cost.load) * 1e-6;
  return kLoadShare * std::max(seconds - kFirstByte, 0.0);
}

Expert::Expert(const Kind& kind, shadow::Machine& machine, const Worth& worth,
               const LoadedOnDemand& on_demand)
    : kind_(kind), machine_(machine), worth_(worth), on_demand_(on_demand) {}

Expert::Past& Expert::At(ItemId item) {
  const auto i = static_cast<size_t>(item);
  if (i >= past_.size()) past_.resize(i + 1);
  return past_[i];
}

void Expert::Touch(ItemId item) {
  Past& past = At(item);
  past.touched = ++touches_;
  const shadow::ItemCost& cost = machine_.CostOf(item);
  past.priority = clock_ + static_cast<double>(past.requests) *
                               static_cast<double>(cost.load) /
                               static_cast<double>(cost.size);
}

void Expert::OnRequest(const shadow::Request& request,
                       shadow::Outcome /*outcome*/) {
  ++At(request.item).requests;
  Touch(request.item);
}

void Expert::OnStart(Micros, ItemId item) {
  Touch(item);
  started_ += machine_.CostOf(item).size;
}

void Expert::OnEvicted(Micros, ItemId item) {
  Past& past = At(item);
  past.requests = 0;
  if (kind_.keep == Keep::kGdsf) clock_ = std::max(clock_, past.priority);
}

bool Expert::MakeRoom(Micros now, ItemId needed) {
  const int64_t lack = machine_.CostOf(needed).size - machine_.Free();
  const std::vector<ItemId> victims = Victims(machine_.ready(), lack);
  for (const ItemId victim : victims) machine_.Evict(now, victim);
  return !victims.empty();
}

Expert::Key Expert::KeyOf(ItemId item) const {
  const auto i = static_cast<size_t>(item);
  const Past past = i < past_.size() ? past_[i] : Past{};
  const auto for_each_byte = [&](double worth) {
    return worth / std::pow(static_cast<double>(machine_.CostOf(item).size),
                            kSizeExponent);
  };
  double key = 0;
  switch (kind_.keep) {
    case Keep::kRecent:
      break;
    case Keep::kGdsf:
      key = past.priority;
      break;
    case Keep::kNear:
      key = for_each_byte(worth_.near(item));
      break;
    case Keep::kFar:
      key = for_each_byte(worth_.far(item));
      break;
  }
  return {key, past.touched, item};
}

std::vector<ItemId> Expert::Victims(const std::vector<ItemId>& items,
                                    int64_t bytes) const {
  std::vector<Key> order;
  order.reserve(items.size());
  for (const ItemId item : items) order.push_back(KeyOf(item));
  std::sort(order.begin(), order.end());
  std::vector<ItemId> victims;
  for (const Key& key : order) {
    if (bytes <= 0) break;
    const ItemId item = std::get<ItemId>(key);
    victims.push_back(item);
    bytes -= machine_.CostOf(item).size;
  }
  if (kind_.keep == Keep::kRecent || kind_.keep == Keep::kGdsf) return victims;
  // What proves unnecessary stays, the most valuable first.
  for (size_t i = victims.size(); i-- > 0;) {
    const int64_t size = machine_.CostOf(victims[i]).size;
    if (bytes + size > 0) continue;
    bytes += size;
    victims.erase(victims.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return victims;
}

ItemId Expert::Preload(Micros now) {
  if (!kind_.preloads) return shadow::kNoItem;
  ItemId best = shadow::kNoItem;
  double most = 0;
  std::vector<ItemId> victims_of_best;
  size_t tried = 0;
  for (const ItemId item : worth_.most_fetched()) {
    if (tried == kTried) break;
    const int64_t size = machine_.CostOf(item).size;
    if (!machine_.IsCold(item) || size > machine_.budget()) continue;
    ++tried;
    if (started_ + size > kMostLoaded * on_demand_.started) continue;
    std::vector<ItemId> victims;
    const double gain = GainOf(item, &victims);
    if (gain <= most) continue;
    most = gain;
    best = item;
    victims_of_best = std::move(victims);
  }
  for (const ItemId victim : victims_of_best) machine_.Evict(now, victim);
  return best;
}

double Expert::GainOf(ItemId item, std::vector<ItemId>* victims) const {
  int64_t lack = machine_.CostOf(item).size - machine_.Free();
  *victims = Victims(machine_.ready(), lack);
  double lost = 0;
  for (const ItemId victim : *victims) {
    lack -= machine_.CostOf(victim).size;
    lost += kFetchShare * worth_.fetch(victim) +
            (1 - kFetchShare) * worth_.near(victim);
  }
  if (lack > 0) return 0;
  return worth_.fetch(item) - kSwapMargin * lost -
         PriceOf(machine_.CostOf(item));
}

}  // namespace warmup::foresight
