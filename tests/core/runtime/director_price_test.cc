// What the director does where memory has a price.

#include "core/runtime/director.h"
#include "tests/core/runtime/small_world.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

constexpr int64_t kGib = int64_t{1} << 30;

// So dear that nothing is held that does not have to be.
SmallWorld DearMemory() {
  Director::Options options = SmallHost(8 * kGib, /*predicts=*/true);
  options.policy.memory_price = 1e6;
  return SmallWorld(options);
}

void Use(SmallWorld& world, const ModelId& id) {
  world.Add(id, kGib);
  world.Demand(id);
  world.FinishLoad();
}

TEST_CASE("Director: unloads what is not worth its memory, and says why") {
  SmallWorld world = DearMemory();
  Use(world, "a");
  world.Tick(absl::Seconds(5));
  CHECK(world.unloads.empty());  // who asked gets to use it
  world.Tick(absl::Seconds(20));
  REQUIRE(world.unloads.size() == 1);
  CHECK(world.unloads[0].spec.id == "a");
}

TEST_CASE("Director: what is leased stays, however dear its memory is") {
  SmallWorld world = DearMemory();
  Use(world, "a");
  Effects fx;
  REQUIRE(world.director.AcquireLease(world.now, "l", "a", absl::Hours(1), &fx)
              .ok());
  world.Tick(absl::Minutes(50));
  CHECK(world.unloads.empty());
  world.Tick(absl::Minutes(11));
  CHECK(world.unloads.size() == 1);
}

TEST_CASE("Director: what was asked for ahead of its use waits for it") {
  SmallWorld world = DearMemory();
  world.Add("a", kGib);
  Effects fx;
  REQUIRE(world.director.RequestModel(world.now, "a", /*may_evict=*/true, &fx)
              .ok());
  world.Take(std::move(fx));
  world.FinishLoad();
  world.Tick(absl::Minutes(9));
  CHECK(world.unloads.empty());
  world.Tick(absl::Minutes(31));
  CHECK(world.unloads.size() == 1);
}

TEST_CASE("Director: a new price holds at once") {
  SmallWorld world(SmallHost(8 * kGib, /*predicts=*/true));
  Use(world, "a");
  world.Tick(absl::Hours(1));
  CHECK(world.unloads.empty());
  SwitchingPolicy policy;
  policy.memory_price = 1e6;
  Effects fx;
  REQUIRE(world.director.SetPolicy(world.now, policy, &fx).ok());
  world.Take(std::move(fx));
  CHECK(world.unloads.size() == 1);
}

}  // namespace
}  // namespace warmup
