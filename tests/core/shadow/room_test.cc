#include "core/shadow/room.h"

#include "core/shadow/lru.h"
#include "core/shadow/machine.h"
#include "tests/support/catch.h"

namespace warmup::shadow {
namespace {

using Places = std::vector<size_t>;

Occupant Of(int64_t size, double value, int64_t touched = 0,
            int32_t group = 0) {
  return {.cost = {.size = size, .group = group},
          .value = value,
          .touched = touched,
          .item = static_cast<ItemId>(touched)};
}

constexpr EvictBy kByValue = EvictBy::kValue;
constexpr EvictBy kByWorth = EvictBy::kWorth;

TEST_CASE("ChooseVictims: by value, from the least on, until there is room") {
  const std::vector<Occupant> all = {Of(4, 3), Of(4, 1), Of(4, 2)};
  CHECK(ChooseVictims(all, {.bytes = 4}, kByValue) == Places{1});
  CHECK(ChooseVictims(all, {.bytes = 5}, kByValue) == Places{1, 2});
  CHECK(ChooseVictims(all, {.bytes = 99}, kByValue) == Places{1, 2, 0});
  CHECK(ChooseVictims(all, {.bytes = 0}, kByValue).empty());
  CHECK(ChooseVictims({}, {.bytes = 9}, kByValue).empty());
}

TEST_CASE("ChooseVictims: of equal value, what was touched last stays") {
  const std::vector<Occupant> all = {Of(1, 0, 3), Of(1, 0, 1), Of(1, 0, 2)};
  CHECK(ChooseVictims(all, {.bytes = 2}, kByValue) == Places{1, 2});
}

TEST_CASE("ChooseVictims: by worth, one large item goes rather than several") {
  const std::vector<Occupant> all = {Of(10, 0.1), Of(90, 1)};
  CHECK(ChooseVictims(all, {.bytes = 90}, kByWorth) == Places{1});
}

TEST_CASE("ChooseVictims: by worth, what proves unnecessary stays") {
  // By byte the first is worth least; with it the second would go in vain.
  const std::vector<Occupant> all = {Of(1, 0.01), Of(50, 2), Of(50, 9)};
  CHECK(ChooseVictims(all, {.bytes = 50}, kByWorth) == Places{1});
}

TEST_CASE(
    "ChooseVictims: by worth, room to spare counts where many items are") {
  // 40 spare bytes for a little more worth.
  std::vector<Occupant> all = {Of(50, 5), Of(90, 7)};
  CHECK(ChooseVictims(all, {.bytes = 50}, kByWorth) == Places{0});
  for (int i = 0; i < 18; ++i) all.push_back(Of(100, 20));
  CHECK(ChooseVictims(all, {.bytes = 50}, kByWorth) == Places{1});
}

TEST_CASE("ChooseVictims: places come from their group alone") {
  const std::vector<Occupant> all = {Of(1, 1, 1, 0), Of(1, 5, 2, 7),
                                     Of(1, 9, 3, 7)};
  const Lack lack = {.places = 1, .group = 7};
  CHECK(ChooseVictims(all, lack, kByValue) == Places{1});
  CHECK(ChooseVictims(all, lack, kByWorth) == Places{1});
  CHECK(ChooseVictims(all, {.items = 2}, kByValue) == Places{0, 1});
  // Where bytes are missing too, anybody's help.
  const Lack both = {.bytes = 1, .places = 1, .group = 7};
  CHECK(ChooseVictims(all, both, kByValue) == Places{0, 1});
  CHECK(ChooseVictims(all, both, kByWorth) == Places{1});
}

TEST_CASE("Machine: keeps to its number of items, and of a group's places") {
  const std::vector<ItemCost> costs = {
      {1, 1, 0, 0}, {1, 1, 0, 1}, {1, 1, 0, 1}};
  Machine machine({.budget = 100}, costs);
  Lru lru(machine);
  machine.set_policy(lru);
  Micros now = 0;
  const auto use = [&](ItemId item) {
    machine.Handle(Request{now += 10, 0, item});
    machine.Advance(now + 5);
  };
  SECTION("items") {
    machine.set_limits({.items = 2});
    for (const ItemId item : {0, 1, 2}) use(item);
    CHECK(machine.IsCold(0));
    CHECK(machine.ready().size() == 2);
  }
  SECTION("places") {
    machine.set_limits({.places = {0, 1}});
    for (const ItemId item : {0, 1}) use(item);
    CHECK(machine.LackFor(2).places == 1);
    CHECK(machine.LackFor(0).IsMet());
  }
}

TEST_CASE("Machine: what is in memory keeps the size it came with") {
  std::vector<ItemCost> costs = {{60, 10}, {40, 10}};
  Machine machine({.budget = 100}, costs);
  Lru lru(machine);
  machine.set_policy(lru);
  machine.Handle(Request{0, 0, 0});
  machine.Advance(20);
  costs[0].size = 90;  // measured anew
  CHECK(machine.Free() == 40);
  CHECK(machine.CostOf(0).size == 60);
  machine.Handle(Request{30, 0, 1});
  machine.Advance(50);
  CHECK(machine.Free() == 0);
  costs[1].size = 101;
  machine.Handle(Request{60, 0, 0});  // still there
  CHECK(machine.IsReady(0));
  machine.Evict(70, 0);
  machine.Evict(70, 1);
  CHECK(machine.Free() == 100);
  CHECK(machine.CostOf(0).size == 90);
}

}  // namespace
}  // namespace warmup::shadow
