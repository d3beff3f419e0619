// What the director learns of loads, and what it makes of it.

#include <optional>
#include <variant>

#include "core/base/error.h"
#include "core/runtime/director.h"
#include "tests/core/runtime/small_world.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

constexpr Sighting kInPageCache = {.is_cached = true};
constexpr Sighting kBeingLoaded = {.is_loading = true};

// Loads the model in `time` and unloads it again.
void LoadAndUnload(SmallWorld& world, const ModelId& id, LoadStart start,
                   absl::Duration time) {
  world.Demand(id);
  world.now += time;
  world.FinishLoad(0, start);
  Effects fx;
  REQUIRE(world.director
              .UnloadModel(world.now, id, ++world.last_waiter,
                           absl::InfiniteFuture(), &fx)
              .ok());
  world.Take(std::move(fx));
  world.FinishUnload();
}

absl::Duration Predicted(SmallWorld& world) {
  Effects fx;
  const auto prediction =
      world.director.Predict(world.now, {.task = ModelType::kChat}, &fx);
  REQUIRE(prediction.ok());
  REQUIRE(prediction->models.size() == 1);
  return prediction->models[0].estimated_warmup;
}

// The measurements that the fact has put into the store.
std::optional<ModelMeasurements> Put(const Effects& fx) {
  for (const StoreChange& change : fx.changes) {
    if (const auto* put = std::get_if<PutMeasurements>(&change)) {
      return put->measurements;
    }
  }
  return std::nullopt;
}

TEST_CASE("Director: a forecast tells what a load would take as things are") {
  SmallWorld world(SmallHost(100, false));
  world.Add("m", 60);
  LoadAndUnload(world, "m", LoadStart::kCold, absl::Seconds(8));
  LoadAndUnload(world, "m", LoadStart::kWarm, absl::Seconds(2));
  CHECK(Predicted(world) == absl::Seconds(8));
  world.Show({{"m", kInPageCache}});
  CHECK(Predicted(world) == absl::Seconds(2));
  ModelView view = *world.director.GetModel("m");
  CHECK(view.state == ModelState::kCold);
  CHECK(view.tier == Tier::kHost);
  CHECK(view.cold_load == LearnedTime{1, absl::Seconds(8)});
  CHECK(view.warm_load == LearnedTime{1, absl::Seconds(2)});
  CHECK(view.next_load == view.warm_load);
  CHECK(view.held_bytes == 0);  // the system's, not ours
  world.Show({});
  CHECK(Predicted(world) == absl::Seconds(8));
  CHECK(world.director.GetModel("m")->tier == Tier::kCold);
}

TEST_CASE("Director: a load that found the model ready tells of no time") {
  SmallWorld world(SmallHost(100, false));
  world.Add("m", 60);
  LoadAndUnload(world, "m", LoadStart::kReady, absl::Seconds(1));
  const ModelView view = *world.director.GetModel("m");
  CHECK(view.next_load.count == 0);
  CHECK(view.measured.steady_bytes == 60);
  CHECK(view.measured.memory_count == 1);
}

TEST_CASE("Director: a measured peak is set aside before the next load") {
  SmallWorld world(SmallHost(100, false));
  world.Add("m", 60);
  world.Demand("m");
  Effects fx;
  world.director.OnLoadDone(world.now, world.loads.at(0).id,
                            LoadResult{.residency = {Tier::kReady, 50, 50},
                                       .start = LoadStart::kCold,
                                       .peak_bytes = 75},
                            &fx);
  REQUIRE(Put(fx).has_value());
  CHECK(Put(fx)->peak_bytes == 75);
  CHECK(Put(fx)->steady_bytes == 50);
  world.loads.clear();
  CHECK(world.director.GetModel("m")->held_bytes == 50);
  world.Show({});  // gone
  world.Demand("m");
  CHECK(world.director.GetModel("m")->held_bytes == 75);
}

TEST_CASE("Director: what was measured of another model is not kept either") {
  SmallWorld world(SmallHost(100, false));
  world.Add("m", 60);
  LoadAndUnload(world, "m", LoadStart::kCold, absl::Seconds(8));
  ModelSpec spec = world.director.GetModel("m")->spec;
  spec.priority = Priority::kHigh;
  Effects same;
  REQUIRE(
      world.director.UpdateModel(world.now, spec, std::nullopt, &same).ok());
  CHECK_FALSE(Put(same).has_value());
  spec.source = "/models/other";
  Effects other;
  REQUIRE(
      world.director.UpdateModel(world.now, spec, std::nullopt, &other).ok());
  CHECK(Put(other) == ModelMeasurements{});
}

TEST_CASE("Director: the first answer of a ready model is learned") {
  SmallWorld world(SmallHost(100, false));
  world.Add("m", 60);
  const auto report = [&](absl::Duration first_answer) {
    Effects fx;
    REQUIRE(world.director
                .RecordUsage(world.now,
                             {{.model = "m", .first_answer = first_answer}},
                             &fx)
                .ok());
    return Put(fx);
  };
  CHECK_FALSE(report(absl::Seconds(9)).has_value());  // it waited for a load
  world.Demand("m");
  world.FinishLoad();
  CHECK(report(absl::Milliseconds(30))->first_answer ==
        LearnedTime{1, absl::Milliseconds(30)});
  CHECK(report(absl::Milliseconds(50))->first_answer ==
        LearnedTime{2, absl::Milliseconds(40)});
  CHECK(world.director.GetModel("m")->measured.first_answer.count == 2);
  for (const absl::Duration bad :
       {absl::Milliseconds(-1), absl::Hours(2), absl::InfiniteDuration()}) {
    Effects fx;
    const absl::Status refused = world.director.RecordUsage(
        world.now, {{.model = "m", .first_answer = bad}}, &fx);
    CHECK(refused.code() == absl::StatusCode::kInvalidArgument);
    CHECK(GetErrorDetails(refused).metadata.at("field") ==
          "usages[0].first_answer_ms");
  }
}

TEST_CASE("Director: nothing is guessed beside a load of somebody else") {
  SmallWorld world(SmallHost(1000, true));
  world.Add("m", 60);
  world.Add("theirs", 60);
  world.Show({{"theirs", kBeingLoaded}});
  Announce(world, "m");
  CHECK(world.loads.empty());
  // Who waits is not made to wait for it.
  world.Demand("m");
  CHECK(world.loads.size() == 1);
}

TEST_CASE("Director: a guess goes on when the load of somebody else is over") {
  SmallWorld world(SmallHost(1000, true));
  world.Add("m", 60);
  world.Add("theirs", 60);
  world.Show({{"theirs", kBeingLoaded}});
  Announce(world, "m");
  REQUIRE(world.loads.empty());
  SECTION("because it is done") {
    world.Show({{"theirs", {.residency = {Tier::kReady, 60, 60}}}});
    CHECK(world.loads.size() == 1);
  }
  SECTION("because the engine is another one") {
    world.Look({.engine = "fake",
                .started = world.now,
                .models = world.director.ModelsOf("fake"),
                .sightings = absl::UnavailableError("gone")});
    CHECK(world.loads.empty());
    world.Show({});
    CHECK(world.loads.size() == 1);
  }
}

TEST_CASE("Director: a load of ours that the engine shows is not another's") {
  SmallWorld world(SmallHost(1000, true));
  SwitchingPolicy policy = world.director.policy();
  policy.max_concurrent_loads = 2;
  Effects fx;
  REQUIRE(world.director.SetPolicy(world.now, policy, &fx).ok());
  world.Add("a", 60);
  world.Add("b", 60);
  Announce(world, "a");
  REQUIRE(world.loads.size() == 1);
  world.Show({{"a", kBeingLoaded}});
  Effects activity;
  REQUIRE(world.director
              .ReportActivity(world.now, {{.kind = "typing", .model = "b"}},
                              &activity)
              .ok());
  world.Take(std::move(activity));
  CHECK(world.loads.size() == 2);
}

TEST_CASE(
    "Director: nothing is guessed beside a load that somebody waits for") {
  SmallWorld world(SmallHost(1000, true));
  SwitchingPolicy policy = world.director.policy();
  policy.max_concurrent_loads = 2;
  Effects fx;
  REQUIRE(world.director.SetPolicy(world.now, policy, &fx).ok());
  world.Add("m", 60);
  world.Add("waited-for", 60);
  world.Demand("waited-for");
  REQUIRE(world.loads.size() == 1);
  Announce(world, "m");
  CHECK(world.loads.size() == 1);
  world.FinishLoad();
  CHECK(world.loads.size() == 1);
  CHECK(world.loads[0].spec.id == "m");
}

TEST_CASE("Director: a guess elsewhere leaves a load of others its memory") {
  Director::Options options = SmallHost(1000, true);
  options.engines.insert("second");
  SmallWorld world(options);
  world.Add("theirs", 600);
  ModelSpec spec = Model("m", 300);
  spec.engine = "second";
  Effects fx;
  REQUIRE(world.director.RegisterModel(world.now, spec, &fx).ok());
  world.director.OnDevices({HostOf(1000, 800)}, {});
  world.Show({{"theirs", kBeingLoaded}});
  Announce(world, "m");
  CHECK(world.loads.empty());
  world.director.OnDevices({HostOf(1000, 900)}, {});
  world.Tick(absl::Seconds(1));
  CHECK(world.loads.size() == 1);
}

TEST_CASE("Director: what foresight has learned survives a restart") {
  StoredState state;
  {
    SmallWorld world(SmallHost(100, true));
    for (const char* id : {"a", "b"}) world.Add(id, 60);
    for (int i = 0; i < 40; ++i) {
      Effects fx;
      world.now += absl::Seconds(30);
      REQUIRE(
          world.director
              .RecordUsage(world.now, {{.model = i % 2 == 0 ? "a" : "b"}}, &fx)
              .ok());
    }
    for (const char* id : {"a", "b"}) {
      state.models.push_back({world.director.GetModel(id)->spec, {}});
    }
    state.foresight = world.director.SaveForesight();
  }
  SmallWorld world(SmallHost(100, true));
  REQUIRE(world.director.Restore(state).ok());
  world.now += absl::Hours(1);
  Effects fx;
  REQUIRE(world.director.RecordUsage(world.now, {{.model = "a"}}, &fx).ok());
  CHECK(world.director.GetModel("b")->p_next > 0.5);
  // Of another build's form: it begins anew, and says so.
  SmallWorld other(SmallHost(100, true));
  state.foresight = "\x07";
  CHECK_FALSE(other.director.Restore(state).ok());
  CHECK(other.director.GetModel("b").ok());
}

TEST_CASE("Director: what was told after the last save is in the log") {
  SmallWorld world(SmallHost(100, true));
  for (const char* id : {"a", "b", "c"}) world.Add(id, 30);
  std::vector<UseRecord> log;
  const auto tell = [&](int i) {
    world.now += absl::Seconds(20);
    Effects fx;
    if (i % 5 == 0) {
      REQUIRE(world.director
                  .ReportActivity(world.now,
                                  {{.kind = "chat", .user = "u", .model = "c"}},
                                  &fx)
                  .ok());
    } else if (i % 5 == 3) {
      REQUIRE(
          world.director
              .ReportActivity(world.now, {{.kind = "typing", .user = "u"}}, &fx)
              .ok());
    } else {
      const ModelId model = i % 2 == 0 ? "a" : "b";
      REQUIRE(world.director
                  .RecordUsage(world.now, {{.model = model, .user = "u"}}, &fx)
                  .ok());
    }
    log.insert(log.end(), fx.uses.begin(), fx.uses.end());
    world.Take(std::move(fx));
  };
  for (int i = 0; i < 50; ++i) tell(i);
  StoredState state;
  for (const char* id : {"a", "b", "c"}) {
    state.models.push_back({world.director.GetModel(id)->spec, {}});
  }
  state.foresight = world.director.SaveForesight();
  for (int i = 50; i < 80; ++i) tell(i);
  SmallWorld again(SmallHost(100, true));
  REQUIRE(again.director.Restore(state).ok());
  const auto differs = [&] {
    bool is_different = false;
    for (const char* id : {"a", "b", "c"}) {
      const ModelView is = *again.director.GetModel(id);
      const ModelView was = *world.director.GetModel(id);
      is_different |= is.p_next != was.p_next || is.p_5min != was.p_5min ||
                      is.p_1h != was.p_1h;
    }
    return is_different;
  };
  CHECK(differs());
  again.director.Relearn(log);  // with what it knew already
  CHECK_FALSE(differs());
}

TEST_CASE("Director: counts looks, what fails, and uses that are only seen") {
  SmallWorld world(SmallHost(100, false));
  world.Add("m", 60);
  Effects fx;
  world.now += absl::Seconds(1);
  EngineLook look{.engine = "fake",
                  .started = world.now - absl::Milliseconds(20),
                  .models = world.director.ModelsOf("fake"),
                  .sightings = std::vector<Sighting>(1)};
  look.sightings->at(0).uses = 1;
  world.Look(look);
  look.sightings = absl::UnavailableError("gone");
  world.Look(look);
  world.Demand("m");
  world.director.OnLoadDone(world.now, world.loads.at(0).id,
                            absl::InternalError("broken"), &fx);
  REQUIRE(world.director.RecordUsage(world.now, {{.model = "m"}}, &fx).ok());
  world.Tick(UseMatcher::kGrace);
  const Status status = world.director.GetStatus();
  REQUIRE(status.engines.size() == 1);
  const EngineStatus& engine = status.engines[0];
  CHECK(engine.models == 1);
  CHECK(engine.models_ready == 0);
  CHECK(engine.health.message() == "gone");
  CHECK(engine.totals.looks == 2);
  CHECK(engine.totals.looks_failed == 1);
  CHECK(engine.totals.looking == absl::Milliseconds(40));
  CHECK(engine.totals.loads_failed == 1);
  CHECK(status.totals.usages == 1);       // the report was of the one seen
  CHECK(status.totals.usages_seen == 1);  // at once: nobody had reported yet
}

}  // namespace
}  // namespace warmup
