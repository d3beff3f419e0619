#include "core/foresight/warmup_policy.h"

#include <algorithm>
#include <array>

namespace warmup::foresight {
namespace {

using shadow::ItemId;
using shadow::kNoItem;
using shadow::Micros;

constexpr Micros kSecond = 1'000'000;
// After a request forecasts are renewed 2, 4, 8 ... 1,024 s later, and then
// every half hour, for three days.
constexpr int64_t kDoublings = 10;
constexpr Micros kHalfHour = 1'800 * kSecond;
constexpr Micros kLongest = 144 * kHalfHour;
// A timer's token: which request it belongs to, and which of its timers it is.
constexpr int64_t kTimersOfOne = 1'000;

// Spare room is worth most where many items fit, and little where two do.
constexpr double kMuch = 1;
constexpr double kLittle = 0.5;
const std::array<Expert::Kind, 7> kExperts = {{
    {"lru", Keep::kRecent, false},
    {"gdsf", Keep::kGdsf, false},
    {"many", Keep::kWorth, false, kMuch},
    {"few", Keep::kWorth, false, kLittle},
    {"lru+", Keep::kRecent, true},
    {"many+", Keep::kWorth, true, kMuch},
    {"few+", Keep::kWorth, true, kLittle},
}};
constexpr size_t kLru = 0;
constexpr size_t kFirst = 5;

double LossOf(const shadow::Machine& machine, Micros now) {
  return static_cast<double>(machine.StallUntil(now) +
                             machine.BlockedUntil(now)) *
         1e-6;
}

}  // namespace

WarmupPolicy::WarmupPolicy(shadow::Machine& machine,
                           const std::vector<shadow::ItemCost>& costs)
    : machine_(machine),
      costs_(costs),
      forecaster_({}),
      worth_(costs),
      selector_(kExperts.size(), kFirst) {
  for (const Expert::Kind& kind : kExperts) {
    Shadow& added = shadows_.emplace_back();
    added.machine = std::make_unique<shadow::Machine>(
        shadow::Machine::Options{.budget = machine.budget(),
                                 .slots = machine.slots()},
        costs);
    added.expert =
        std::make_unique<Expert>(kind, *added.machine, worth_, on_demand_);
    added.machine->set_policy(*added.expert);
  }
}

void WarmupPolicy::OnRequest(const shadow::Request& request,
                             shadow::Outcome /*outcome*/) {
  Advance(request.at);
  forecaster_.OnRequest(request);
  Refresh(request.at, Forecaster::Occasion::kRequest);
  for (const Shadow& shadow : shadows_) shadow.machine->Handle(request);
  on_demand_.started = shadows_[kLru].expert->started();
  ChooseLeader(request.at);
  last_request_ = request.at;
  machine_.SetTimer(request.at + 2 * kSecond, ++timers_ * kTimersOfOne + 1);
}

void WarmupPolicy::OnContext(const shadow::ContextEvent& event) {
  Advance(event.at);
  forecaster_.OnContext(event);
  Refresh(event.at, Forecaster::Occasion::kContext);
  Poke(event.at);
}

void WarmupPolicy::OnStart(Micros, ItemId item) {
  started_ += costs_[static_cast<size_t>(item)].size;
}

// The leader's load ends at the same time, and is followed by its next one.
void WarmupPolicy::OnReady(Micros now, ItemId) { Advance(now); }

void WarmupPolicy::OnTimer(Micros now, int64_t token) {
  if (token / kTimersOfOne != timers_) return;
  Advance(now);
  Refresh(now, Forecaster::Occasion::kTimer);
  Poke(now);
  const int64_t done = token % kTimersOfOne;
  const Micros next = done < kDoublings
                          ? last_request_ + (Micros{2} << done) * kSecond
                          : now + kHalfHour;
  if (next - last_request_ <= kLongest) machine_.SetTimer(next, token + 1);
}

void WarmupPolicy::Refresh(Micros now, Forecaster::Occasion occasion) {
  forecaster_.Forecast(now, occasion);
  worth_.Update(forecaster_);
}

void WarmupPolicy::Advance(Micros now) {
  for (const Shadow& shadow : shadows_) shadow.machine->Advance(now);
  on_demand_.started = shadows_[kLru].expert->started();
}

void WarmupPolicy::Poke(Micros now) {
  for (const Shadow& shadow : shadows_) shadow.machine->Poke(now);
  on_demand_.started = shadows_[kLru].expert->started();
}

void WarmupPolicy::ChooseLeader(Micros now) {
  Selector::Losses losses;
  for (const Shadow& shadow : shadows_) {
    losses.experts.push_back(LossOf(*shadow.machine, now));
  }
  losses.reality = LossOf(machine_, now);
  const shadow::Tally& lru = shadows_[kLru].machine->tally();
  losses.new_misses = static_cast<int>(lru.cold + lru.late - lru_misses_);
  lru_misses_ = lru.cold + lru.late;
  double loads = 0;
  int64_t count = 0;
  for (const ItemId item : forecaster_.known()) {
    if (machine_.CostOf(item).size > machine_.budget()) continue;
    loads += static_cast<double>(machine_.CostOf(item).load) * 1e-6;
    ++count;
  }
  losses.mean_load = count > 0 ? loads / static_cast<double>(count) : 0;
  selector_.Choose(losses);
}

std::vector<ItemId> WarmupPolicy::Ready(bool is_held) const {
  std::vector<ItemId> items;
  for (const ItemId item : machine_.ready()) {
    if (leader().machine->IsCold(item) != is_held) items.push_back(item);
  }
  return items;
}

bool WarmupPolicy::MakeRoom(Micros now, ItemId needed) {
  int64_t lack = machine_.CostOf(needed).size - machine_.Free();
  std::vector<ItemId> victims;
  for (const bool is_held : {false, true}) {
    for (const ItemId victim : leader().expert->Victims(Ready(is_held), lack)) {
      victims.push_back(victim);
      lack -= machine_.CostOf(victim).size;
    }
  }
  for (const ItemId victim : victims) machine_.Evict(now, victim);
  return !victims.empty();
}

ItemId WarmupPolicy::Preload(Micros now) {
  const Shadow& shadow = leader();
  if (!shadow.expert->kind().preloads) return kNoItem;
  ItemId best = kNoItem;
  double most = 0;
  for (const ItemId item : worth_.most_fetched()) {
    const shadow::ItemCost& cost = machine_.CostOf(item);
    if (!machine_.IsCold(item) || shadow.machine->IsCold(item) ||
        cost.size > machine_.budget() ||
        started_ + cost.size > kMostLoaded * on_demand_.started) {
      continue;
    }
    // What it loads comes first, then what it holds and would still load.
    const double worth = worth_.fetch(item);
    if (shadow.machine->IsLoading(item)) {
      best = item;
      break;
    }
    if (worth > PriceOf(cost) && worth > most) {
      best = item;
      most = worth;
    }
  }
  if (best == kNoItem) return best;
  int64_t lack = machine_.CostOf(best).size - machine_.Free();
  const std::vector<ItemId> victims =
      shadow.expert->Victims(Ready(/*is_held=*/false), lack);
  for (const ItemId victim : victims) lack -= machine_.CostOf(victim).size;
  if (lack > 0) return kNoItem;
  for (const ItemId victim : victims) machine_.Evict(now, victim);
  return best;
}

}  // namespace warmup::foresight
