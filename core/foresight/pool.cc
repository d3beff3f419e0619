#include "core/foresight/pool.h"

#include <algorithm>
#include <array>

namespace warmup::foresight {
namespace {

using shadow::ItemId;
using shadow::Micros;

constexpr size_t kLru = 0;
const std::array<Expert::Kind, 5> kExperts = {{
    {"lru", Keep::kRecent, false, 1},
    {"gdsf", Keep::kGdsf, false, 0.5},
    {"worth", Keep::kWorth, false},
    {"lru+", Keep::kRecent, true, 0, kLru},
    {"worth+", Keep::kWorth, true, 0, 2},
}};
// The mean load changes little from one request to the next.
constexpr int64_t kMeasuredEvery = 16;
constexpr size_t kFirst = 4;
// Of Ollama, unless it is told otherwise (OLLAMA_KEEP_ALIVE).
constexpr Micros kOllamaKeepAlive = 300'000'000;

}  // namespace

Spent SpentOn(const shadow::Machine& machine) {
  const Micros now = machine.now();
  return {
      static_cast<double>(machine.StallUntil(now) + machine.BlockedUntil(now)) *
          1e-6,
      machine.tally().occupied * 1e-6};
}

Pool::Pool(const shadow::Machine::Options& options,
           const std::vector<shadow::ItemCost>& costs, const Worth& worth)
    : costs_(costs),
      worth_(worth),
      ollama_default_(options, costs),
      ollama_policy_(ollama_default_, kOllamaKeepAlive),
      selector_(kExperts.size(), kFirst),
      losses_(kExperts.size() + 1),
      occupied_(kExperts.size() + 1) {
  ollama_default_.set_policy(ollama_policy_);
  on_demand_.budget = options.budget;
  for (const Expert::Kind& kind : kExperts) {
    Shadow& added = shadows_.emplace_back();
    added.machine = std::make_unique<shadow::Machine>(options, costs);
    added.expert =
        std::make_unique<Expert>(kind, *added.machine, worth_, on_demand_);
    added.machine->set_policy(*added.expert);
  }
}

void Pool::set_limits(const shadow::Machine::Limits& limits) {
  for (const Shadow& shadow : shadows_) shadow.machine->set_limits(limits);
  ollama_default_.set_limits(limits);
}

void Pool::Advance(Micros now) {
  for (const Shadow& shadow : shadows_) shadow.machine->Advance(now);
  ollama_default_.Advance(now);
  on_demand_.started = shadows_[kLru].expert->started();
}

void Pool::Poke(Micros now) {
  for (const Shadow& shadow : shadows_) {
    shadow.expert->GiveBack(now);
    shadow.machine->Poke(now);
  }
  on_demand_.started = shadows_[kLru].expert->started();
}

void Pool::OnRequest(const shadow::Request& request, const Spent& real) {
  requested_.insert(request.item);
  for (const Shadow& shadow : shadows_) shadow.machine->Handle(request);
  ollama_default_.Handle(request);
  on_demand_.started = shadows_[kLru].expert->started();
  ChooseLeader(real);
}

Micros Pool::NextEnd() const {
  Micros next = shadow::Machine::kNever;
  for (const Shadow& shadow : shadows_) {
    next = std::min(next, shadow.machine->NextEnd());
  }
  return next;
}

// Held memory counts twice, as a wait does that blocks the machine.
double Pool::LossOf(const Spent& spent, size_t account) {
  losses_[account] +=
      2 * worth_.price() * (spent.occupied - occupied_[account]);
  occupied_[account] = spent.occupied;
  return spent.waited + losses_[account];
}

void Pool::ChooseLeader(const Spent& real) {
  Selector::Losses losses;
  for (size_t i = 0; i < shadows_.size(); ++i) {
    losses.experts.push_back(LossOf(SpentOn(*shadows_[i].machine), i));
  }
  losses.reality = LossOf(real, shadows_.size());
  const shadow::Tally& lru = shadows_[kLru].machine->tally();
  losses.new_misses = static_cast<int>(lru.cold + lru.late - lru_misses_);
  lru_misses_ = lru.cold + lru.late;
  if (choices_++ % kMeasuredEvery == 0) mean_load_ = MeanLoad();
  losses.mean_load = mean_load_;
  losses.held = shadows_[kLru].machine->ready().size();
  selector_.Choose(losses);
}

double Pool::MeanLoad() const {
  double loads = 0;
  int64_t count = 0;
  for (const ItemId item : requested_) {
    const shadow::ItemCost& cost = costs_[static_cast<size_t>(item)];
    if (cost.size > on_demand_.budget) continue;
    loads += static_cast<double>(cost.load) * 1e-6;
    ++count;
  }
  return count > 0 ? loads / static_cast<double>(count) : 0;
}

bool Pool::Holds(ItemId item) const { return !leader().machine->IsCold(item); }

std::vector<ItemId> Pool::Guesses() const {
  const Expert::Kind& kind = leader().expert->kind();
  // Not where it is seen that it does not pay.
  if (!kind.preloads ||
      selector_.Behind(selector_.current(), kind.twin) > mean_load_) {
    return {};
  }
  std::vector<ItemId> loading;
  std::vector<ItemId> held;
  for (const ItemId item : worth_.most_fetched()) {
    const shadow::ItemCost& cost = costs_[static_cast<size_t>(item)];
    if (cost.pool != leader().machine->pool() || !Holds(item) ||
        !on_demand_.Allows(started_ + cost.size)) {
      continue;
    }
    if (leader().machine->IsLoading(item)) {
      loading.push_back(item);
    } else if (worth_.fetch(item) > PriceOf(cost)) {
      held.push_back(item);
    }
  }
  loading.insert(loading.end(), held.begin(), held.end());
  return loading;
}

}  // namespace warmup::foresight
