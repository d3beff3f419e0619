#include "core/foresight/warmup_policy.h"

namespace warmup::foresight {

using shadow::ItemId;
using shadow::kNoItem;
using shadow::Micros;

WarmupPolicy::WarmupPolicy(shadow::Machine& machine,
                           const std::vector<shadow::ItemCost>& costs,
                           double price)
    : machine_(machine), foresight_(costs) {
  foresight_.SetPrice(0, price);
  foresight_.AddPool({.budget = machine.budget(), .slots = machine.slots()});
}

void WarmupPolicy::OnRequest(const shadow::Request& request,
                             shadow::Outcome /*outcome*/) {
  foresight_.OnRequest(request, SpentOn(machine_));
  GiveBack(request.at);
  SetTimer();
}

void WarmupPolicy::OnContext(const shadow::ContextEvent& event) {
  foresight_.OnContext(event);
  GiveBack(event.at);
  SetTimer();
}

void WarmupPolicy::OnStart(Micros, ItemId item) {
  foresight_.pool(0).OnStart(machine_.CostOf(item).size);
}

// The leader's load ends at the same time, and is followed by its next one.
void WarmupPolicy::OnReady(Micros now, ItemId) {
  foresight_.Advance(now);
  GiveBack(now);
  SetTimer();
}

void WarmupPolicy::OnTimer(Micros now, int64_t token) {
  if (token != timers_) return;
  foresight_.Advance(now);
  GiveBack(now);
  SetTimer();
}

void WarmupPolicy::GiveBack(Micros now) {
  const std::vector<ItemId> ready = machine_.ready();
  for (const ItemId item : ready) {
    if (pool().IsGivenBack(now, item)) machine_.Evict(now, item);
  }
}

void WarmupPolicy::SetTimer() {
  const Micros next = foresight_.NextChange();
  if (next == timer_at_) return;
  timer_at_ = next;
  ++timers_;
  if (next != shadow::Machine::kNever) machine_.SetTimer(next, timers_);
}

std::vector<ItemId> WarmupPolicy::Victims(bool is_held,
                                          shadow::Lack* lack) const {
  std::vector<shadow::Occupant> occupants;
  for (const ItemId item : machine_.ready()) {
    if (pool().Holds(item) != is_held) continue;
    occupants.push_back(pool().OccupantOf(item));
    occupants.back().cost = machine_.CostOf(item);
  }
  std::vector<ItemId> victims;
  for (const size_t i :
       shadow::ChooseVictims(occupants, *lack, pool().evict_by())) {
    victims.push_back(occupants[i].item);
    *lack = lack->Without(occupants[i].cost);
  }
  return victims;
}

bool WarmupPolicy::MakeRoom(Micros now, ItemId needed) {
  shadow::Lack lack = machine_.LackFor(needed);
  std::vector<ItemId> victims = Victims(/*is_held=*/false, &lack);
  for (const ItemId victim : Victims(/*is_held=*/true, &lack)) {
    victims.push_back(victim);
  }
  for (const ItemId victim : victims) machine_.Evict(now, victim);
  return !victims.empty();
}

ItemId WarmupPolicy::Preload(Micros now) {
  for (const ItemId item : pool().Guesses()) {
    if (!machine_.IsCold(item)) continue;
    shadow::Lack lack = machine_.LackFor(item);
    const std::vector<ItemId> victims = Victims(/*is_held=*/false, &lack);
    if (!lack.IsMet()) return kNoItem;
    for (const ItemId victim : victims) machine_.Evict(now, victim);
    return item;
  }
  return kNoItem;
}

}  // namespace warmup::foresight
