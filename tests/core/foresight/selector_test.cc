#include "core/foresight/selector.h"

#include "tests/support/catch.h"

namespace warmup::foresight {
namespace {

// Two experts beside LRU, and a reality that pays what it follows pays.
struct World {
  Selector selector{3, 1};
  Selector::Losses losses{
      .experts = {0, 0, 0}, .reality = 0, .new_misses = 1, .mean_load = 1};

  size_t Step(double lru, double first, double second) {
    const double steps[] = {lru, first, second};
    losses.reality += steps[selector.current()];
    for (size_t e = 0; e < 3; ++e) losses.experts[e] += steps[e];
    return selector.Choose(losses);
  }
  double behind() const { return losses.reality - losses.experts[0]; }
};

TEST_CASE("Selector: follows its first expert while nobody leads") {
  World world;
  for (int i = 0; i < 100; ++i) CHECK(world.Step(1, 1, 1) == 1);
  CHECK(world.selector.switches() == 0);
}

TEST_CASE("Selector: goes to who made users wait less, once") {
  World world;
  for (int i = 0; i < 200; ++i) world.Step(1, 1, 0.5);
  CHECK(world.selector.current() == 2);
  CHECK(world.selector.switches() == 1);
  // And away again when that changes.
  for (int i = 0; i < 400; ++i) world.Step(1, 0.5, 1);
  CHECK(world.selector.current() == 1);
}

TEST_CASE("Selector: stays within its bound of LRU whatever experts do") {
  World world;
  for (int i = 0; i < 2'000; ++i) world.Step(1, 3, 3);
  CHECK(world.selector.current() == 0);
  CHECK(world.behind() <= 0.02 * world.losses.experts[0] + 20 + 3);
}

TEST_CASE("Selector: the more is held, the later it goes back to LRU") {
  const auto behind_with = [](size_t held) {
    World world;
    world.losses.held = held;
    // Experts do as LRU does, and reality does worse than who it follows.
    while (world.Step(1, 1, 1) != 0) world.losses.reality += 1;
    return world.behind() - 0.02 * world.losses.experts[0];
  };
  CHECK(behind_with(2) == behind_with(8));  // four loads of twice the mean
  CHECK(behind_with(2) == Approx(4 * 2).margin(2));
  CHECK(behind_with(40) == Approx(40 / 2 * 2).margin(2));
}

TEST_CASE("Selector: leaves LRU again for a saving that was shown") {
  World world;
  REQUIRE(world.Step(1, 40, 40) == 0);  // too much at once
  // A lead of ten loads of twice the mean time.
  for (int i = 0; i < 20; ++i) CHECK(world.Step(1, 0, 1) == 0);
  for (int i = 0; i < 2; ++i) world.Step(1, 0, 1);
  CHECK(world.selector.current() == 1);
  // Of which it may lose a quarter.
  while (world.Step(1, 3, 3) == 1) {
  }
  CHECK(world.behind() <= 40 + 0.25 * 22 + 3);
}

TEST_CASE("Selector: a liar that leads by turns costs a bounded amount") {
  World world;
  for (int round = 0; round < 200; ++round) {
    const bool is_first = round % 2 == 0;
    for (int i = 0; i < 40; ++i) {
      world.Step(1, is_first ? 0 : 2, is_first ? 2 : 0);
    }
  }
  CHECK(world.behind() <= 0.05 * world.losses.experts[0] + 40);
}

}  // namespace
}  // namespace warmup::foresight
