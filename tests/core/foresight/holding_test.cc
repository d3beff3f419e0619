#include "core/foresight/holding.h"

#include <cmath>

#include "tests/support/catch.h"

namespace warmup::foresight {
namespace {

constexpr double kAges = 1e9;  // so old that nothing changes with the age

// Of a use that is as likely at any time: so many an hour.
PerHead Steady(double an_hour) {
  PerHead chances{};
  for (size_t h = kFiveMinutes; h < kHeads; ++h) {
    const double hours = static_cast<double>(kHorizon[h]) / 3.6e9;
    chances[h] = static_cast<float>(1 - std::exp(-an_hour * hours));
  }
  return chances;
}

TEST_CASE("Holding: of a steady use it pays if each hour's saves more") {
  const PerHead twice = Steady(2);
  // Ten seconds saved, twice an hour.
  const Holding cheap =
      BestHolding(twice, {.age = kAges, .load = 10, .rate = 19.0 / 3600});
  CHECK(cheap.saved > 8);
  CHECK(cheap.saved > cheap.cost);
  const Holding dear =
      BestHolding(twice, {.age = kAges, .load = 10, .rate = 25.0 / 3600});
  CHECK(dear.saved == 0);
  CHECK(dear.cost == 0);
}

TEST_CASE("Holding: what is used at once or not at all is held a while") {
  PerHead chances{};
  for (size_t h = kFiveMinutes; h < kHeads; ++h) chances[h] = 0.5F;
  const Holding held =
      BestHolding(chances, {.age = kAges, .load = 10, .rate = 0.01});
  CHECK(held.saved == Approx(5));
  CHECK(held.cost == Approx(300 * 0.5 / std::log(2) * 0.01).epsilon(0.01));
}

TEST_CASE("Holding: what was just used is likeliest to be used at once") {
  PerHead chances{};
  for (size_t h = kFiveMinutes; h < kHeads; ++h) chances[h] = 0.5F;
  // For five minutes at the same chance each second it is too dear.
  const double rate = 0.03;
  CHECK(BestHolding(chances, {.age = kAges, .load = 10, .rate = rate}).saved ==
        0);
  CHECK(BestHolding(chances, {.age = 0, .load = 10, .rate = rate}).saved > 2);
}

TEST_CASE("Holding: the chance of the next request justifies nothing") {
  PerHead chances{};
  chances[kNext] = chances[kNextEight] = 1;
  CHECK(BestHolding(chances, {.age = 0, .load = 100, .rate = 1e-9}).saved == 0);
}

}  // namespace
}  // namespace warmup::foresight
