#include "core/foresight/warmup_policy.h"

#include "tests/core/foresight/random_use.h"
#include "tests/support/catch.h"

namespace warmup::foresight {
namespace {

using shadow::ItemCost;
using shadow::Machine;

struct Run {
  Run(const std::vector<ItemCost>& all_costs, int64_t budget, double price = 0)
      : costs(all_costs),
        machine({.budget = budget}, costs),
        policy(machine, costs, price) {
    machine.set_policy(policy);
  }
  void Replay(const std::vector<shadow::Request>& requests) {
    for (const shadow::Request& request : requests) {
      machine.Handle(request);
      is_within_budget = is_within_budget && machine.Free() >= 0;
    }
    machine.Finish();
  }

  const std::vector<ItemCost> costs;
  Machine machine;
  WarmupPolicy policy;
  bool is_within_budget = true;
};

TEST_CASE("WarmupPolicy: keeps to the budget and to twice what LRU loads") {
  const auto seed = GENERATE(1U, 2U, 3U);
  Run run(RandomCosts(30, seed), 50);
  run.Replay(RandomUse(3'000, 30, seed));
  CHECK(run.is_within_budget);
  const shadow::Tally& lru = run.policy.pool().shadows()[0].machine->tally();
  const shadow::Tally& ours = run.machine.tally();
  CHECK(ours.requests == lru.requests);
  CHECK(ours.loaded <= 2 * lru.loaded + 16);
  // Whatever comes: no worse than the selector's bound, and what was waiting.
  CHECK(static_cast<double>(ours.stall + ours.blocked) <=
        1.05 * static_cast<double>(lru.stall + lru.blocked) + 100e6);
}

TEST_CASE("WarmupPolicy: never loads what nobody has named") {
  Run run(RandomCosts(40, 1), 60);
  run.Replay(RandomUse(3'000, 20, 1));
  CHECK(run.machine.tally().guessed > 0);
  for (shadow::ItemId unheard = 20; unheard < 40; ++unheard) {
    CHECK(run.machine.IsCold(unheard));
  }
}

TEST_CASE("WarmupPolicy: an expert followed from the start is reality") {
  const auto seed = GENERATE(1U, 2U, 3U);
  const auto price = GENERATE(0.0, 2e-7);
  // Everything fits: nobody leads, and the first one is followed throughout.
  Run run(RandomCosts(8, seed), 200, price);
  run.Replay(RandomUse(500, 8, seed));
  REQUIRE(run.policy.pool().selector().switches() == 0);
  const Pool::Shadow& leader =
      run.policy.pool().shadows()[run.policy.pool().selector().current()];
  leader.machine->Finish();
  const shadow::Tally& shadow = leader.machine->tally();
  const shadow::Tally& ours = run.machine.tally();
  CHECK(ours.cold == shadow.cold);
  CHECK(ours.late == shadow.late);
  CHECK(ours.stall == shadow.stall);
  CHECK(ours.loads == shadow.loads);
  CHECK(ours.occupied == shadow.occupied);
}

TEST_CASE("WarmupPolicy: has the next one of a cycle ready, where LRU never") {
  // Three items of which two fit, in turn: the worst that LRU can meet.
  std::vector<shadow::Request> requests;
  shadow::Micros now = 1'790'000'000 * kSecond;
  for (int i = 0; i < 1'500; ++i) {
    requests.push_back({now += 60 * kSecond, 0, i % 3});
  }
  Run run(std::vector<ItemCost>(3, {10, 10 * kSecond}), 20);
  run.Replay(requests);
  const shadow::Tally& lru = run.policy.pool().shadows()[0].machine->tally();
  CHECK(lru.cold == 1'500);
  CHECK(run.machine.tally().stall < lru.stall / 2);
}

// For 40 days, from nine to five each quarter of an hour item 0, which takes 10
// units and as many seconds to load.
std::vector<shadow::Request> OfficeHours() {
  std::vector<shadow::Request> requests;
  for (int day = 0; day < 40; ++day) {
    for (int quarter = 9 * 4; quarter < 17 * 4; ++quarter) {
      requests.push_back({(day * 86'400LL + quarter * 900) * kSecond, 0, 0});
    }
  }
  return requests;
}

TEST_CASE("WarmupPolicy: gives back at night, and is warm in the morning") {
  // An hour of the item's memory costs what its load does.
  Run run({{10, 10 * kSecond}}, 20, 1.0 / 3'600);
  std::vector<shadow::Request> requests = OfficeHours();
  run.Replay({requests.begin(), requests.end() - 32});
  const shadow::Micros day = 39 * 86'400 * kSecond;
  const auto at = [&](double hour) {
    run.machine.Advance(day + static_cast<shadow::Micros>(hour * 3.6e9));
    return run.machine.IsReady(0);
  };
  CHECK_FALSE(at(-4));
  CHECK_FALSE(at(0));
  CHECK_FALSE(at(4));
  CHECK(at(8.99));
  CHECK(run.machine.tally().cold < 20);
}

TEST_CASE("WarmupPolicy: dear memory is given back for good") {
  Run run({{10, 10 * kSecond}}, 20, 1.0 / 3'600);
  const std::vector<shadow::Request> requests = OfficeHours();
  run.Replay(requests);
  const shadow::Micros end = requests.back().at;
  run.machine.Advance(end + 86'400 * 90 * kSecond);
  CHECK(run.machine.IsCold(0));
}

TEST_CASE("WarmupPolicy: what is asked for stays long enough to be used") {
  // So dear that it would be given back at once.
  Run run({{10, 10 * kSecond}}, 20, 1'000);
  run.machine.Handle(shadow::Request{1'000 * kSecond, 0, 0});
  run.machine.Advance(1'019 * kSecond);
  CHECK(run.machine.IsReady(0));
  run.machine.Advance(1'025 * kSecond);
  CHECK(run.machine.IsCold(0));
}

}  // namespace
}  // namespace warmup::foresight
