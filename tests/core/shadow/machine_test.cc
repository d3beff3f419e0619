#include "core/shadow/machine.h"

#include "tests/core/shadow/scripted_policy.h"
#include "tests/support/catch.h"

namespace warmup::shadow {
namespace {

using Log = std::vector<std::string>;

// 0 and 1 are alike, 2 is larger, 3 takes no time, 4 never fits.
const std::vector<ItemCost> kCosts = {
    {4, 10}, {4, 10}, {6, 20}, {1, 0}, {99, 10}};

Request Of(ItemId item, Micros at) { return {at, 0, item}; }

TEST_CASE(
    "Machine: a cold request waits for its load, a late one for its rest") {
  Machine machine({.budget = 10}, kCosts);
  const ScriptedPolicy policy(machine);
  machine.Handle(Of(0, 0));
  machine.Handle(Of(0, 4));
  CHECK(machine.StallUntil(6) == 6 + 2);
  CHECK(machine.BlockedUntil(6) == 6);
  machine.Handle(Of(0, 10));  // the load's end comes first
  machine.Finish();
  CHECK(policy.log == Log{"cold 0 @0", "start 0 @0", "late 0 @4", "ready 0 @10",
                          "warm 0 @10"});
  const Tally& tally = machine.tally();
  CHECK(tally.requests == 3);
  CHECK(tally.cold == 1);
  CHECK(tally.late == 1);
  CHECK(tally.stall == 10 + 6);
  CHECK(tally.blocked == 10);
  CHECK(tally.loads == 1);
  CHECK(machine.stalls() == std::vector<Micros>{10, 6});
}

TEST_CASE("Machine: at one time a load ends, timers ring, then requests come") {
  Machine machine({.budget = 10}, kCosts);
  ScriptedPolicy policy(machine);
  policy.timers = {10, 10, 7};
  machine.Handle(Of(0, 0));
  machine.Handle(Of(0, 10));
  machine.Handle(ContextEvent{.at = 10, .announced = 1});
  CHECK(policy.log == Log{"cold 0 @0", "start 0 @0", "timer 7 @7",
                          "ready 0 @10", "timer 10 @10", "timer 10 @10",
                          "warm 0 @10", "context 1 @10"});
}

TEST_CASE(
    "Machine: a load that takes no time is over before the next request") {
  Machine machine({.budget = 10}, kCosts);
  const ScriptedPolicy policy(machine);
  machine.Handle(Of(3, 5));
  machine.Handle(Of(3, 5));
  CHECK(policy.log ==
        Log{"cold 3 @5", "start 3 @5", "ready 3 @5", "warm 3 @5"});
  CHECK(machine.tally().stall == 0);
}

TEST_CASE("Machine: a guess that is asked for is cancelled no more") {
  Machine machine({.budget = 10}, kCosts);
  ScriptedPolicy policy(machine);
  policy.guesses = {1};
  policy.guess_after = 10;
  machine.Handle(Of(0, 0));   // until 10, then the guess until 20
  machine.Handle(Of(1, 15));  // claims it
  CHECK_FALSE(machine.IsGuess(1));
  machine.Handle(Of(2, 16));  // waits for the slot, then for 20 more
  machine.Finish();
  const Tally& tally = machine.tally();
  CHECK(tally.stall == 10 + 5 + 24);
  CHECK(tally.blocked == 10 + 25);
  CHECK(tally.late == 1);
  CHECK(tally.cancels == 0);
  CHECK(tally.loaded == 4 + 4 + 6);
  CHECK(tally.guessed == 4);
  CHECK(tally.wasted == 0);
}

TEST_CASE("Machine: a guess gives its slot to a request, and what was loaded") {
  Machine machine({.budget = 10}, kCosts);
  ScriptedPolicy policy(machine);
  policy.guesses = {1};
  policy.guess_after = 10;
  machine.Handle(Of(0, 0));
  SECTION("if its policy lets it") {
    machine.Handle(Of(2, 15));  // in the middle of the guess
    machine.Finish();
    const Tally& tally = machine.tally();
    CHECK(tally.stall == 10 + 20);
    CHECK(tally.cancels == 1);
    CHECK(policy.log[4] == "cold 2 @15");
    CHECK(policy.log[5] == "cancel 1 @15");
    CHECK(tally.loads == 3);
    CHECK(tally.loaded == 4 + 2 + 6);
    CHECK(tally.guessed == 2);
    CHECK(tally.wasted == 2);
    CHECK(tally.occupied == 10 * 4 + 5 * 8 + 20 * 10);
  }
  SECTION("else it is waited for") {
    policy.cancels = false;
    machine.Handle(Of(2, 15));
    machine.Finish();
    CHECK(machine.tally().stall == 10 + 25);
    CHECK(machine.tally().cancels == 0);
    CHECK(machine.tally().wasted == 4);  // ready in the end, never asked for
  }
}

TEST_CASE("Machine: a guess gives its memory where nothing can be evicted") {
  Machine machine({.budget = 10, .slots = 3}, kCosts);
  ScriptedPolicy policy(machine);
  policy.guesses = {2};
  machine.Handle(ContextEvent{.at = 0});  // begins the guess
  CHECK(machine.IsGuess(2));
  machine.Handle(Of(0, 1));
  CHECK(machine.Free() == 0);
  machine.Handle(Of(1, 2));
  CHECK(machine.IsCold(2));
  CHECK(machine.IsLoading(1));
  CHECK(machine.tally().cancels == 1);
  CHECK(machine.tally().wasted == Approx(0.6));  // 2 of 20 of 6
}

TEST_CASE("Machine: as many loads run at once as it has slots") {
  Machine machine({.budget = 10, .slots = 2}, kCosts);
  const ScriptedPolicy policy(machine);
  machine.Handle(Of(0, 0));
  machine.Handle(Of(1, 1));
  machine.Handle(Of(3, 2));
  machine.Finish();
  CHECK(machine.stalls() == std::vector<Micros>{10, 8, 10});
  CHECK(machine.tally().blocked == 11);
}

TEST_CASE("Machine: what is larger than its budget is not served, nor seen") {
  Machine machine({.budget = 10}, kCosts);
  const ScriptedPolicy policy(machine);
  machine.Handle(Of(4, 0));
  machine.Finish();
  CHECK(policy.log.empty());
  CHECK(machine.tally().unserved == 1);
  CHECK(machine.tally().requests == 0);
}

TEST_CASE("Machine: charges idle time from the last use to the eviction") {
  Machine machine({.budget = 8}, kCosts);
  const ScriptedPolicy policy(machine);
  machine.Handle(Of(0, 0));
  machine.Handle(Of(0, 30));
  machine.Handle(Of(2, 50));  // in place of 0, until 70
  machine.Handle(Of(2, 80));
  machine.Finish();
  CHECK(policy.log.back() == "warm 2 @80");
  CHECK(machine.tally().idle == 4 * 20);
  CHECK(machine.tally().occupied == 4 * 50 + 6 * 30);
  CHECK(machine.tally().wasted == 0);
}

TEST_CASE("Machine: waiting requests are served in the order they came") {
  Machine machine({.budget = 10}, kCosts);
  const ScriptedPolicy policy(machine);
  machine.Handle(Of(2, 0));
  machine.Handle(Of(0, 1));
  machine.Handle(Of(1, 2));
  machine.Handle(Of(0, 3));
  machine.Finish();
  CHECK(policy.log == Log{"cold 2 @0", "start 2 @0", "cold 0 @1", "cold 1 @2",
                          "late 0 @3", "ready 2 @20", "start 0 @20",
                          "ready 0 @30", "evict 2 @30", "start 1 @30",
                          "ready 1 @40"});
  CHECK(machine.stalls() == std::vector<Micros>{20, 29, 27, 38});
}

TEST_CASE("Machine: a poke asks for a guess, which must fit") {
  Machine machine({.budget = 10}, kCosts);
  ScriptedPolicy policy(machine);
  policy.guess_after = 30;
  policy.guesses = {2, 0, 1};
  machine.Handle(Of(2, 0));
  machine.Poke(30);  // 2 is there already
  CHECK(machine.tally().loads == 1);
  machine.Poke(40);
  CHECK(machine.IsGuess(0));
  machine.Advance(60);  // when 0 was loaded, 1 was asked for and had no room
  CHECK(machine.IsCold(1));
  CHECK(machine.tally().loads == 2);
}

}  // namespace
}  // namespace warmup::shadow
