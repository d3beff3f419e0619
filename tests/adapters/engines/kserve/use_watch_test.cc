#include "adapters/engines/kserve/use_watch.h"

#include <string>

#include "adapters/engines/kserve/unload_watch.h"
#include "tests/support/catch.h"

namespace warmup::kserve {
namespace {

absl::Time At(int seconds) {
  return absl::UnixEpoch() + absl::Seconds(seconds);
}

StatisticsByModel Of(int64_t successes, int64_t failures = 0) {
  return {{"a", {.successes = successes, .failures = failures}}};
}

struct Watch {
  void See(const StatisticsByModel& statistics) {
    ++second;
    watch.Observe(At(second), At(second), statistics);
  }
  UseWatch watch;
  int second = 0;
};

Index Shows(ModelState state, bool was_unloaded = false) {
  return {{"a", {.state = state, .was_unloaded = was_unloaded}}};
}

}  // namespace

TEST_CASE("UseWatch: what was before the first look is no use") {
  Watch world;
  world.See(Of(7));
  CHECK(world.watch.TakeUses("a") == 0);
  world.See(Of(10, 1));
  CHECK(world.watch.TakeUses("a") == 4);
  CHECK(world.watch.TakeUses("a") == 0);
  CHECK(world.watch.TakeUses("b") == 0);
}

TEST_CASE("UseWatch: a counter that is smaller has begun anew") {
  Watch world;
  world.See(Of(7));
  world.See(Of(2));
  CHECK(world.watch.TakeUses("a") == 2);
  world.See({});
  world.See(Of(3));
  CHECK(world.watch.TakeUses("a") == 3);
}

TEST_CASE("UseWatch: looks that come late count once") {
  UseWatch watch;
  watch.Observe(At(0), At(1), Of(0));
  watch.Observe(At(3), At(6), Of(5));
  // Asked for before the last one was answered.
  watch.Observe(At(2), At(7), Of(2));
  watch.Observe(At(5), At(8), Of(4));
  CHECK(watch.TakeUses("a") == 5);
  watch.Observe(At(9), At(9), Of(6));
  CHECK(watch.TakeUses("a") == 1);
}

TEST_CASE("UseWatch: a model whose requests all fail is failing") {
  Watch world;
  world.See(Of(1, 2));
  world.See(Of(1, 4));
  CHECK_FALSE(world.watch.IsFailing("a"));
  world.See(Of(1, 5));
  CHECK(world.watch.IsFailing("a"));
  world.See(Of(1, 5));
  CHECK(world.watch.IsFailing("a"));
  SECTION("until one goes well") { world.See(Of(2, 6)); }
  SECTION("until it is loaded anew") { world.See(Of(0, 0)); }
  SECTION("until it is gone") { world.See({}); }
  CHECK_FALSE(world.watch.IsFailing("a"));
}

TEST_CASE("UseWatch: forgetting begins with a first look again") {
  Watch world;
  world.See(Of(1));
  world.watch.Forget();
  world.See(Of(9));
  CHECK(world.watch.TakeUses("a") == 0);
}

TEST_CASE("UnloadWatch: what was ready and is unloaded was so by somebody") {
  UnloadWatch watch;
  watch.Observe(At(1), Shows(ModelState::kReady));
  CHECK_FALSE(watch.Take("a"));
  SECTION("seen while it is under way") {
    watch.Observe(At(2), Shows(ModelState::kUnloading, true));
    CHECK(watch.Take("a"));
    watch.Observe(At(3), Shows(ModelState::kUnloaded, true));
    CHECK_FALSE(watch.Take("a"));
  }
  SECTION("not after a restart, or when it has failed") {
    watch.Observe(At(2), Shows(ModelState::kUnloaded, false));
    CHECK_FALSE(watch.Take("a"));
  }
  SECTION("not if it is deleted") {
    watch.Observe(At(2), {});
    CHECK_FALSE(watch.Take("a"));
  }
  SECTION("not by us") {
    watch.BeginOwn("a");
    watch.Observe(At(2), Shows(ModelState::kUnloading, true));
    CHECK_FALSE(watch.Take("a"));
    watch.EndOwn("a", At(4));
    // Asked for meanwhile, and answered late.
    watch.Observe(At(3), Shows(ModelState::kReady));
    watch.Observe(At(5), Shows(ModelState::kUnloaded, true));
    CHECK_FALSE(watch.Take("a"));
  }
}

}  // namespace warmup::kserve
