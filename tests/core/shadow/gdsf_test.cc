#include "core/shadow/gdsf.h"

#include "tests/support/catch.h"

namespace warmup::shadow {
namespace {

Request Of(ItemId item, Micros at) { return {at, 0, item}; }

TEST_CASE("Gdsf: keeps what is dear to load until the clock has overtaken it") {
  // Two fit. A use of 0 is worth 40 / 4 = 10, of the others 2.5.
  const std::vector<ItemCost> costs = {{4, 40}, {4, 10}, {4, 10},
                                       {4, 10}, {4, 10}, {4, 10}};
  Machine machine({.budget = 8}, costs);
  Gdsf gdsf(machine);
  machine.set_policy(gdsf);
  // Each of 1, 2, 3 is driven out by the next one, at 2.5, 5, 7.5; then 4 has
  // 7.5 + 2.5, as much as 0, which has had it for longer.
  for (ItemId item = 0; item < 5; ++item) {
    machine.Handle(Of(item, Micros{100} * item));
    CHECK((machine.IsReady(0) || machine.IsLoading(0)));
  }
  machine.Handle(Of(5, 500));
  CHECK(machine.IsCold(0));
  CHECK(machine.IsReady(4));
}

TEST_CASE("Gdsf: counts uses since the last eviction only") {
  // Two fit; a use is worth 2.5.
  const std::vector<ItemCost> costs = {{4, 10}, {4, 10}, {4, 10}};
  Machine machine({.budget = 8}, costs);
  Gdsf gdsf(machine);
  machine.set_policy(gdsf);
  for (const Micros at : {0, 20, 40}) machine.Handle(Of(0, at));
  for (const Micros at : {50, 60, 70, 80, 90, 95}) machine.Handle(Of(1, at));
  machine.Handle(Of(2, 100));  // drives out 0, worth 7.5, not 1, worth 15
  machine.Handle(Of(0, 200));  // drives out 2, worth 10
  machine.Handle(Of(2, 300));  // drives out 0 again: 10 + 2.5, not 10 + 10
  CHECK(machine.IsCold(0));
  CHECK(machine.IsReady(1));
}

}  // namespace
}  // namespace warmup::shadow
