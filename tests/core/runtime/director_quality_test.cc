// What the director counts of how good its forecasts and guesses were.

#include "core/runtime/director.h"
#include "tests/core/runtime/small_world.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

using foresight::Hits;

WarmupTally::Counts Warmups(const SmallWorld& world) {
  return world.director.GetStatus().quality.warmups;
}

// So that it is loaded on a guess.
void StartGuess(SmallWorld& world, const ModelId& id) {
  Announce(world, id);
  REQUIRE(world.loads.size() == 1);
}

void Use(SmallWorld& world, const ModelId& id) {
  Effects fx;
  REQUIRE(world.director.RecordUsage(world.now, {{.id = "", .model = id}}, &fx)
              .ok());
  world.Take(std::move(fx));
}

void Unload(SmallWorld& world, const ModelId& id) {
  Effects fx;
  REQUIRE(world.director
              .UnloadModel(world.now, id, ++world.last_waiter,
                           absl::InfiniteFuture(), &fx)
              .ok());
  world.Take(std::move(fx));
}

struct Guessed : SmallWorld {
  Guessed() : SmallWorld(SmallHost(100, true)) {
    Add("m", 60);
    StartGuess(*this, "m");
    now += absl::Seconds(10);
  }
};

TEST_CASE("Quality: a guess that is used has a lead") {
  Guessed world;
  world.FinishLoad();
  world.now += absl::Seconds(7);
  Use(world, "m");
  CHECK(Warmups(world).used == 1);
  CHECK(Warmups(world).late == 0);
  CHECK(Warmups(world).lead == absl::Seconds(7));
  CHECK(Warmups(world).missed == 0);
  world.Demand("m");
  CHECK(Warmups(world).idle_uses == 1);
}

TEST_CASE("Quality: a guess that somebody waits for is late") {
  Guessed world;
  world.Demand("m");
  world.FinishLoad();
  CHECK(Warmups(world).used == 1);
  CHECK(Warmups(world).late == 1);
  CHECK(Warmups(world).missed == 1);
}

TEST_CASE("Quality: a guess that goes before anybody came was wrong") {
  Guessed world;
  SECTION("unloaded") {
    world.FinishLoad();
    Unload(world, "m");
  }
  SECTION("lost at its engine") {
    world.FinishLoad();
    world.Show({});
  }
  SECTION("cancelled") {
    Unload(world, "m");
    REQUIRE(world.cancels.size() == 1);
    Effects fx;
    world.director.OnLoadDone(world.now, world.cancels[0],
                              absl::CancelledError("stopped"), &fx);
  }
  CHECK(Warmups(world).unused == 1);
  CHECK(Warmups(world).used == 0);
}

TEST_CASE("Quality: a load that was asked for is no guess") {
  SmallWorld world(SmallHost(100, true));
  world.Add("m", 60);
  Effects fx;
  REQUIRE(world.director.RequestModel(world.now, "m", true, &fx).ok());
  world.Take(std::move(fx));
  world.FinishLoad();
  Use(world, "m");
  CHECK(Warmups(world).used == 0);
  CHECK(Warmups(world).idle_uses == 1);
  Unload(world, "m");
  CHECK(Warmups(world).unused == 0);
}

TEST_CASE("Quality: what others loaded was a miss of ours") {
  SmallWorld world(SmallHost(100, true));
  world.Add("m", 60);
  Use(world, "m");
  world.Show({{"m", {.residency = {Tier::kReady, 60, 60}}}});
  CHECK(Warmups(world).missed == 1);
  world.now += absl::Minutes(1);
  Use(world, "m");
  CHECK(Warmups(world).missed == 1);
  CHECK(Warmups(world).idle_uses == 1);
}

TEST_CASE("Quality: a model that cannot be unloaded is ready still") {
  Guessed world;
  world.FinishLoad();
  Use(world, "m");
  Unload(world, "m");
  Effects fx;
  world.director.OnUnloadDone(world.now, "m", absl::InternalError("stuck"),
                              &fx);
  world.now += absl::Seconds(1);
  Use(world, "m");
  CHECK(Warmups(world).missed == 0);
  CHECK(Warmups(world).idle_uses == 1);
}

TEST_CASE("Quality: forecasts and hits are those of foresight") {
  SmallWorld world(SmallHost(100, false));
  world.Add("a", 1);
  world.Add("b", 1);
  for (int i = 0; i < 40; ++i) {
    world.now += absl::Seconds(20);
    Use(world, i % 2 == 0 ? "a" : "b");
  }
  const PredictionQuality quality = world.director.GetStatus().quality;
  CHECK(quality.heads[foresight::kNext].cases > 0);
  CHECK(quality.heads[foresight::kFiveMinutes].cases > 0);
  CHECK(quality.heads[foresight::kDay].cases == 0);
  CHECK(quality.hits.counts(Hits::kAll).uses == 40);
  CHECK(quality.hits.counts(Hits::kSwitch).uses == 39);
  CHECK(quality.hits.counts(Hits::kAll).top3 > 30);
}

}  // namespace
}  // namespace warmup
