#include "core/foresight/expert.h"

#include <algorithm>
#include <utility>

namespace warmup::foresight {
namespace {

using shadow::ItemId;
using shadow::Micros;

constexpr double kLoadShare = 0.1;
// Seconds of a load that are no transfer, half of it at most.
constexpr double kFirstByte = 1;
// Both sides of a swap are estimates, and one that was wrong costs two loads.
constexpr double kSwapMargin = 1.05;
constexpr double kFetchShare = 0.75;
constexpr size_t kTried = 12;
// Who has asked for an item gets to use it.
constexpr Micros kLeastHeld = 10'000'000;

}  // namespace

double PriceOf(const shadow::ItemCost& cost) {
  const double seconds = static_cast<double>(cost.load) * 1e-6;
  return kLoadShare * std::max(seconds - kFirstByte, seconds / 2);
}

Expert::Expert(const Kind& kind, shadow::Machine& machine, const Worth& worth,
               const LoadedOnDemand& on_demand)
    : kind_(kind), machine_(machine), worth_(worth), on_demand_(on_demand) {}

void Expert::Touch(ItemId item) {
  Past& past = past_[item];
  past.touched = ++touches_;
  const shadow::ItemCost cost = machine_.CostOf(item);
  past.priority = clock_ + static_cast<double>(past.requests) *
                               static_cast<double>(cost.load) /
                               static_cast<double>(cost.size);
}

void Expert::OnRequest(const shadow::Request& request,
                       shadow::Outcome /*outcome*/) {
  Past& past = past_[request.item];
  ++past.requests;
  past.used = request.at;
  Touch(request.item);
  GiveBack(request.at);
}

void Expert::OnReady(Micros now, ItemId item) { past_[item].used = now; }

bool Expert::GivesBack(Micros now, ItemId item) const {
  const Micros idle = now - past_.Get(item).used;
  if (worth_.price() <= 0 || idle < kLeastHeld) return false;
  if (kind_.keep_alive <= 0) return !worth_.is_worth_holding(item);
  const shadow::ItemCost cost = machine_.CostOf(item);
  return static_cast<double>(idle) * worth_.price() *
             static_cast<double>(cost.size) >=
         kind_.keep_alive * static_cast<double>(cost.load) * cost.weight;
}

void Expert::GiveBack(Micros now) {
  if (worth_.price() <= 0) return;
  const std::vector<ItemId> ready = machine_.ready();
  for (const ItemId item : ready) {
    if (GivesBack(now, item)) machine_.Evict(now, item);
  }
}

void Expert::OnStart(Micros, ItemId item) {
  Touch(item);
  started_ += machine_.CostOf(item).size;
}

void Expert::OnEvicted(Micros, ItemId item) {
  Past& past = past_[item];
  past.requests = 0;
  if (kind_.keep == Keep::kGdsf) clock_ = std::max(clock_, past.priority);
}

bool Expert::MakeRoom(Micros now, ItemId needed) {
  const std::vector<ItemId> victims = Victims(machine_.LackFor(needed));
  for (const ItemId victim : victims) machine_.Evict(now, victim);
  return !victims.empty();
}

double Expert::ValueOf(ItemId item) const {
  switch (kind_.keep) {
    case Keep::kRecent:
      break;
    case Keep::kGdsf:
      return past_.Get(item).priority;
    case Keep::kWorth:
      return worth_.keep(item);
  }
  return static_cast<double>(past_.Get(item).touched);
}

shadow::Occupant Expert::OccupantOf(ItemId item) const {
  return {machine_.CostOf(item), ValueOf(item), past_.Get(item).touched, item};
}

std::vector<ItemId> Expert::Victims(const shadow::Lack& lack) const {
  std::vector<shadow::Occupant> occupants;
  occupants.reserve(machine_.ready().size());
  for (const ItemId item : machine_.ready()) {
    occupants.push_back(OccupantOf(item));
  }
  std::vector<ItemId> victims;
  for (const size_t i : shadow::ChooseVictims(occupants, lack, evict_by())) {
    victims.push_back(occupants[i].item);
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
    if (machine_.CostOf(item).pool != machine_.pool() ||
        !machine_.IsCold(item) || size > machine_.budget()) {
      continue;
    }
    ++tried;
    if (worth_.fetch(item) - PriceOf(machine_.CostOf(item)) <= most) continue;
    if (!on_demand_.Allows(started_ + size)) continue;
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
  shadow::Lack lack = machine_.LackFor(item);
  *victims = Victims(lack);
  double lost = 0;
  for (const ItemId victim : *victims) {
    lack = lack.Without(machine_.CostOf(victim));
    lost += kFetchShare * worth_.fetch(victim) +
            (1 - kFetchShare) * worth_.keep(victim);
  }
  if (!lack.IsMet()) return 0;
  return worth_.fetch(item) - kSwapMargin * lost -
         PriceOf(machine_.CostOf(item));
}

}  // namespace warmup::foresight
