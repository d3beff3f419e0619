#include "core/shadow/lru.h"

#include "tests/support/catch.h"

namespace warmup::shadow {
namespace {

// Two of them fit.
const std::vector<ItemCost> kCosts = {{4, 10}, {4, 10}, {4, 10}};

Request Of(ItemId item, Micros at) { return {at, 0, item}; }

TEST_CASE("Lru: evicts what was asked for longest ago") {
  Machine machine({.budget = 8}, kCosts);
  Lru lru(machine);
  machine.set_policy(lru);
  machine.Handle(Of(0, 0));
  machine.Handle(Of(1, 20));
  machine.Handle(Of(0, 25));  // while 1 loads
  machine.Handle(Of(2, 40));
  CHECK(machine.IsReady(0));
  CHECK(machine.IsCold(1));
}

TEST_CASE("Lru: an item that was cold counts as used when its load starts") {
  Machine machine({.budget = 8}, kCosts);
  Lru lru(machine);
  machine.set_policy(lru);
  machine.Handle(Of(0, 0));
  machine.Handle(Of(1, 5));  // starts at 10
  machine.Handle(Of(0, 7));
  machine.Handle(Of(2, 40));
  CHECK(machine.IsCold(0));
  CHECK(machine.IsReady(1));
}

}  // namespace
}  // namespace warmup::shadow
