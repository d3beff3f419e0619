// What the director tells those who watch, when somebody's wait ends without
// the model.

#include <string>

#include "core/runtime/director.h"
#include "tests/core/runtime/small_world.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

// How many wait for "m", as the observers were told last; -1: nothing told.
int WaitersTold(const Effects& fx) {
  int count = -1;
  for (const ModelView& view : fx.observation.changed) {
    if (view.spec.id == "m") count = view.waiter_count;
  }
  return count;
}

size_t FailuresTold(const Effects& fx) {
  size_t count = 0;
  for (const DemandServed& demand : fx.observation.demands) {
    if (demand.served_as == "failed") ++count;
  }
  return count;
}

// "m" is wanted but cannot begin: another load has the only slot.
SmallWorld BusyWorld() {
  SmallWorld world(SmallHost(100, false));
  world.Add("m", 10);
  world.Add("other", 10);
  world.Demand("other");
  return world;
}

TEST_CASE("Director: observers are told when a caller leaves") {
  SmallWorld world = BusyWorld();
  const WaiterId waiter = world.Demand("m");
  Effects fx;
  world.director.Withdraw(world.now, waiter, &fx);
  CHECK(WaitersTold(fx) == 0);
  Effects again;
  world.director.Withdraw(world.now, waiter, &again);
  CHECK(again.observation.IsEmpty());
}

TEST_CASE("Director: observers are told when a caller's deadline passes") {
  SmallWorld world = BusyWorld();
  Effects fx;
  REQUIRE(world.director
              .DemandModel(world.now, "m", 7, world.now + absl::Seconds(1), &fx)
              .ok());
  Effects late;
  world.director.Tick(world.now + absl::Seconds(1), &late);
  CHECK(WaitersTold(late) == 0);
  CHECK(FailuresTold(late) == 1);
}

TEST_CASE("Director: observers are told when a demand is refused") {
  SmallWorld world(SmallHost(100, false));
  world.Add("m", 101);
  Effects fx;
  REQUIRE(
      world.director.DemandModel(world.now, "m", 7, absl::InfiniteFuture(), &fx)
          .ok());
  REQUIRE(fx.wakes.size() == 1);
  CHECK_FALSE(fx.wakes[0].status.ok());
  CHECK(WaitersTold(fx) == 0);
  CHECK(FailuresTold(fx) == 1);
  CHECK(world.director.GetStatus().totals.demands_failed == 1);
}

}  // namespace
}  // namespace warmup
