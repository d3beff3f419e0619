#include "core/foresight/expert.h"

#include <memory>

#include "core/shadow/gdsf.h"
#include "core/shadow/lru.h"
#include "tests/core/foresight/random_use.h"
#include "tests/support/catch.h"

namespace warmup::foresight {
namespace {

using shadow::ItemCost;
using shadow::ItemId;
using shadow::Machine;

// Replays a stream; `make` brings the policy of a machine.
template <typename Make>
shadow::Tally Replay(const std::vector<ItemCost>& costs,
                     const std::vector<shadow::Request>& requests, Make make) {
  Machine machine({.budget = 40}, costs);
  const std::unique_ptr<shadow::Policy> policy = make(machine);
  machine.set_policy(*policy);
  for (const shadow::Request& request : requests) machine.Handle(request);
  machine.Finish();
  return machine.tally();
}

void CheckSame(const shadow::Tally& a, const shadow::Tally& b) {
  CHECK(a.cold == b.cold);
  CHECK(a.late == b.late);
  CHECK(a.stall == b.stall);
  CHECK(a.loads == b.loads);
  CHECK(a.occupied == b.occupied);
}

TEST_CASE("Expert: by recency it is LRU, by GDSF's priority it is GDSF") {
  const auto seed = GENERATE(1U, 2U, 3U);
  const std::vector<ItemCost> costs = RandomCosts(20, seed);
  const auto requests = RandomUse(3'000, 20, seed);
  const Worth worth(costs);
  const LoadedOnDemand on_demand;
  const auto expert = [&](Keep keep) {
    return [&, keep](Machine& machine) {
      return std::make_unique<Expert>(Expert::Kind{"", keep, false}, machine,
                                      worth, on_demand);
    };
  };
  const shadow::Tally lru = Replay(costs, requests, [](Machine& machine) {
    return std::make_unique<shadow::Lru>(machine);
  });
  CHECK(lru.cold > 500);
  CheckSame(Replay(costs, requests, expert(Keep::kRecent)), lru);
  CheckSame(Replay(costs, requests, expert(Keep::kGdsf)),
            Replay(costs, requests, [](Machine& machine) {
              return std::make_unique<shadow::Gdsf>(machine);
            }));
}

// Items 0 to 3 of 4 units each, 0 with every sign of being used at once.
struct Small {
  Small() {
    for (int round = 0; round < 50; ++round) {
      for (const ItemId item : {1, 2, 3, 0}) {
        // Each hour 1, 2 and 3 are used, 0 ten times.
        for (int i = 0; i < (item == 0 ? 10 : 1); ++i) {
          now += (item == 0 && i > 0 ? 2 : 900) * kSecond;
          forecaster.OnRequest({now, 0, item});
          forecaster.Forecast(now, Forecaster::Occasion::kRequest);
        }
      }
    }
    worth.Update(now, forecaster);
    machine.set_policy(expert);
  }

  std::vector<ItemCost> costs = std::vector<ItemCost>(4, {4, 4 * kSecond});
  shadow::Micros now = 1'790'000'000 * kSecond;
  Forecaster forecaster{{}};
  Worth worth{costs};
  LoadedOnDemand on_demand{1'000};
  Machine machine{{.budget = 10}, costs};
  Expert expert{{"worth+", Keep::kWorth, true, 1}, machine, worth, on_demand};
};

TEST_CASE("Expert: evicts what is worth least") {
  Small small;
  CHECK(small.worth.keep(0) > small.worth.keep(2));
  CHECK(small.expert.OccupantOf(0).value == small.worth.keep(0));
  for (const ItemId item : {2, 0}) {  // the last one by recency stays
    small.machine.Handle(shadow::Request{small.now, 0, item});
    small.machine.Advance(small.now += 5 * kSecond);
  }
  small.machine.Handle(shadow::Request{small.now, 0, 1});
  CHECK(small.machine.IsReady(0));
  CHECK(small.machine.IsCold(2));
  CHECK(small.machine.IsLoading(1));
}

TEST_CASE("Expert: loads unasked what is worth most, within its allowance") {
  Small small;
  CHECK(small.worth.most_fetched().front() == 0);
  small.on_demand.started = 0;
  small.machine.Poke(small.now);
  CHECK_FALSE(small.machine.IsLoading(0));
  small.on_demand.started = 2;  // twice as many bytes are one item's
  small.machine.Poke(small.now);
  CHECK(small.machine.IsGuess(0));
  small.machine.Poke(small.now + 5 * kSecond);
  CHECK(small.machine.IsReady(0));
  CHECK(small.machine.tally().loads == 1);
  CHECK(small.expert.started() == 4);
}

}  // namespace
}  // namespace warmup::foresight
