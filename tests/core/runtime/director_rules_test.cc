// The architecture's rules, where the director is the one to keep them: it is
// a function of facts and times; the ledger is what is alive, peak before and
// measured after; a guess never hurts.

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/runtime/director.h"
#include "tests/core/runtime/small_world.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

int64_t UsedBytes(const SmallWorld& world) {
  return world.director.GetStatus().devices[0].used_bytes;
}

// Opens a session that names `model`: from now on it is a guess.
void Guess(SmallWorld& world, const ModelId& model) {
  Effects fx;
  Session session;
  session.id = "session-" + model;
  session.lease = absl::Hours(1);
  session.roles = {{"chat", model}};
  REQUIRE(world.director.StartSession(world.now, session, &fx).ok());
  world.Take(std::move(fx));
  world.Tick(absl::ZeroDuration());
}

// All that a fact led to, as text.
std::string Text(const Effects& fx) {
  std::string text;
  for (const LoadOrder& order : fx.loads) {
    absl::StrAppend(&text, "load ", order.id, " ", order.spec.id, "\n");
  }
  for (const LoadId id : fx.cancels)
    absl::StrAppend(&text, "cancel ", id, "\n");
  for (const UnloadOrder& order : fx.unloads) {
    absl::StrAppend(&text, "unload ", order.spec.id, "\n");
  }
  for (const Wake& wake : fx.wakes) {
    absl::StrAppend(&text, "wake ", wake.waiter, " ", wake.status.ToString(),
                    " ", absl::FormatDuration(wake.waited), "\n");
  }
  for (const Event& event : fx.events) {
    absl::StrAppend(&text, event.type, event.data_json,
                    absl::FormatTime(event.timestamp), "\n");
  }
  for (const ModelView& view : fx.observation.changed) {
    absl::StrAppend(&text, view.spec.id, " ", view.version, " ",
                    view.held_bytes, " ", view.p_5min, "\n");
  }
  return text;
}

// One seed's facts, and what they led to.
std::string Live(uint64_t seed) {
  std::mt19937_64 random(seed);
  SmallWorld world(SmallHost(100, true));
  for (int i = 0; i < 6; ++i) {
    world.Add("m" + std::to_string(i),
              20 + static_cast<int64_t>(random() % 30));
  }
  std::string text;
  for (int step = 0; step < 300; ++step) {
    world.now += absl::Milliseconds(random() % 20'000);
    const ModelId id = "m" + std::to_string(random() % 6);
    Effects fx;
    switch (random() % 5) {
      case 0: {
        UsageReport usage;
        usage.model = id;
        CHECK(world.director.RecordUsage(world.now, {usage}, &fx).ok());
        break;
      }
      case 1:
        // A refusal while it backs off is an answer like any other.
        static_cast<void>(world.director.DemandModel(
            world.now, id, static_cast<WaiterId>(step) + 1,
            absl::InfiniteFuture(), &fx));
        break;
      case 2:
        if (!world.loads.empty()) {
          const LoadOrder order = world.loads.front();
          world.loads.erase(world.loads.begin());
          const int64_t bytes = order.spec.size_bytes;
          absl::StatusOr<LoadResult> result =
              LoadResult{{Tier::kReady, bytes, bytes}, bytes};
          if (random() % 4 == 0) result = absl::InternalError("broken");
          world.director.OnLoadDone(world.now, order.id, result, &fx);
        }
        break;
      case 3:
        if (!world.unloads.empty()) {
          const ModelId unloaded = world.unloads.front().spec.id;
          world.unloads.erase(world.unloads.begin());
          world.director.OnUnloadDone(world.now, unloaded, absl::OkStatus(),
                                      &fx);
        }
        break;
      default:
        world.director.Tick(world.now, &fx);
    }
    text += Text(fx);
    world.Take(std::move(fx));
  }
  return text;
}

}  // namespace

TEST_CASE("Director: the same facts at the same times have the same effects") {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const std::string once = Live(seed);
    CHECK_THAT(once, Catch::Contains("load ") && Catch::Contains("unload ") &&
                         Catch::Contains("wake "));
    CHECK(once == Live(seed));
    CHECK(once != Live(seed + 100));
  }
}

TEST_CASE("Director: a load holds its peak, then what was measured") {
  SmallWorld world(SmallHost(100, false));
  Effects fx;
  ModelSpec spec = Model("m", 60);
  spec.peak_bytes = 90;
  REQUIRE(world.director.RegisterModel(world.now, spec, &fx).ok());
  world.Demand("m");
  CHECK(UsedBytes(world) == 90);
  const LoadId load = world.loads.at(0).id;
  world.director.OnLoadDone(world.now, load,
                            LoadResult{{Tier::kReady, 55, 55}, 55}, &fx);
  CHECK(UsedBytes(world) == 55);
  world.Show({{"m", {.residency = {Tier::kReady, 54, 55}}}});
  CHECK(UsedBytes(world) == 54);
}

TEST_CASE("Director: memory of a failed unload stays counted") {
  SmallWorld world(SmallHost(100, false));
  world.Add("m", 60);
  world.Demand("m");
  world.FinishLoad();
  Effects fx;
  REQUIRE(
      world.director.UnloadModel(world.now, "m", 7, absl::InfiniteFuture(), &fx)
          .ok());
  REQUIRE(fx.unloads.size() == 1);
  world.director.OnUnloadDone(world.now, "m",
                              absl::FailedPreconditionError("in use"), &fx);
  CHECK(UsedBytes(world) == 60);
  CHECK(world.director.GetModel("m")->state == ModelState::kReady);
  REQUIRE(fx.wakes.size() == 1);
  CHECK(fx.wakes[0].status.message() == "in use");
}

TEST_CASE("Director: memory of a cancelled guess is taken when it is back") {
  SmallWorld world(SmallHost(100, true));
  world.Add("guess", 60);
  world.Add("m", 60);
  Guess(world, "guess");
  REQUIRE(world.loads.size() == 1);
  world.Demand("m");
  REQUIRE(world.cancels.size() == 1);
  CHECK(UsedBytes(world) == 60);
  CHECK(world.loads.size() == 1);  // nothing more until the engine lets go
  Effects fx;
  world.director.OnLoadDone(world.now, world.loads[0].id,
                            absl::CancelledError(""), &fx);
  REQUIRE(fx.loads.size() == 1);
  CHECK(fx.loads[0].spec.id == "m");
  CHECK(UsedBytes(world) == 60);
}

TEST_CASE("Director: no guess unless its peak was measured to be free") {
  Director::Options options = SmallHost(1'000, true);
  options.devices["host"].reserve_bytes = 20;
  SmallWorld world(options);
  Effects fx;
  ModelSpec spec = Model("m", 50);
  spec.peak_bytes = 60;
  REQUIRE(world.director.RegisterModel(world.now, spec, &fx).ok());
  const auto measure = [&](std::optional<DeviceMemory> memory) {
    DeviceSample host = HostOf(0, 0);
    host.memory = memory;
    world.director.OnDevices({host}, {});
  };
  measure(DeviceMemory{1'000, 79});
  Guess(world, "m");
  CHECK(world.loads.empty());
  measure(std::nullopt);  // who cannot measure does not guess
  world.Tick(absl::Seconds(1));
  CHECK(world.loads.empty());
  DeviceSample lost = HostOf(1'000, 80);
  lost.problem = "it was lost";
  world.director.OnDevices({lost}, {});
  world.Tick(absl::Seconds(1));
  CHECK(world.loads.empty());
  measure(DeviceMemory{1'000, 80});
  world.Tick(absl::Seconds(1));
  CHECK(world.loads.size() == 1);
}

TEST_CASE("Director: a guess drives out nobody who is held or just used") {
  SmallWorld world(SmallHost(100, true));
  world.Add("m", 60);
  world.Add("guess", 60);
  world.Demand("m");
  world.FinishLoad();
  Effects fx;
  REQUIRE(world.director.RecordUsage(world.now, {{.model = "m"}}, &fx).ok());
  world.now += absl::Hours(6);
  bool is_driven_out = false;
  SECTION("leased") {
    REQUIRE(
        world.director.AcquireLease(world.now, "l", "m", absl::Hours(1), &fx)
            .ok());
  }
  SECTION("pinned") {
    REQUIRE(world.director.PinModel(world.now, "m", true, &fx).ok());
  }
  SECTION("just used") {
    REQUIRE(world.director.RecordUsage(world.now, {{.model = "m"}}, &fx).ok());
  }
  SECTION("none of these") { is_driven_out = true; }
  Guess(world, "guess");
  CHECK(world.unloads.size() == (is_driven_out ? 1U : 0U));
  CHECK(world.loads.empty());
  CHECK(world.cancels.empty());
}

TEST_CASE("Director: what somebody waited for is not driven out by a guess") {
  SmallWorld world(SmallHost(100, true));
  for (const char* id : {"named", "other", "asked-for"}) world.Add(id, 45);
  Guess(world, "named");
  world.FinishLoad();
  world.now += absl::Seconds(1);
  Guess(world, "other");
  world.FinishLoad();
  world.now += absl::Seconds(5);
  world.Demand("asked-for");
  REQUIRE(world.unloads.size() == 1);
  world.FinishUnload();
  world.FinishLoad();
  for (int i = 0; i < 20; ++i) {
    world.Tick(absl::Seconds(1));
    for (const UnloadOrder& order : world.unloads) {
      CHECK(order.spec.id != "asked-for");
    }
  }
  CHECK(world.director.GetModel("asked-for")->state == ModelState::kReady);
}

TEST_CASE("Director: a guess cancels no load that somebody waits for") {
  SmallWorld world(SmallHost(100, true));
  world.Add("m", 60);
  world.Add("guess", 60);
  world.Demand("m");
  Guess(world, "guess");
  CHECK(world.cancels.empty());
  CHECK(world.loads.size() == 1);
}

TEST_CASE("Director: a batch above its bound is refused whole") {
  SmallWorld world(SmallHost(100, false));
  world.Add("m", 60);
  UsageReport usage;
  usage.model = "m";
  std::vector<UsageReport> usages(limits::kMaxFactsPerBatch + 1, usage);
  ActivityReport activity;
  activity.kind = "typing";
  const std::vector<ActivityReport> activities(limits::kMaxFactsPerBatch + 1,
                                               activity);
  Effects fx;
  CHECK(absl::IsInvalidArgument(
      world.director.RecordUsage(world.now, usages, &fx)));
  CHECK(absl::IsInvalidArgument(
      world.director.ReportActivity(world.now, activities, &fx)));
  CHECK(world.director.GetStatus().totals.usages == 0);
  CHECK(world.director.GetStatus().totals.activities == 0);
  usages.pop_back();
  CHECK(world.director.RecordUsage(world.now, usages, &fx).ok());
  CHECK(world.director.GetStatus().totals.usages == limits::kMaxFactsPerBatch);
}

}  // namespace warmup
