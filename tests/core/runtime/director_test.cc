// The director on simulated time, with the test in the place of the world: it
// carries out effects by hand and brings the answers back.

#include "core/runtime/director.h"

#include <algorithm>
#include <random>

#include "core/base/error.h"
#include "core/base/limits.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

Director::Options SmallHost(int64_t budget, bool predicts) {
  Director::Options options;
  options.devices["host"] = {.budget_bytes = budget, .reserve_bytes = 0};
  options.engines = {"fake"};
  options.policy.predictive_preloading = predicts;
  return options;
}

ModelSpec Model(const ModelId& id, int64_t size_bytes) {
  ModelSpec spec;
  spec.id = id;
  spec.engine = "fake";
  spec.source = "/models/" + id;
  spec.type = ModelType::kChat;
  spec.size_bytes = size_bytes;
  return spec;
}

// A world without an engine: loads take one second of simulated time a MiB.
struct World {
  explicit World(Director::Options options) : director(options) {
    Effects fx;
    director.OnDeviceMemory(now, "host", DeviceMemory{1 << 30, 1 << 30}, &fx);
  }

  void Add(const ModelId& id, int64_t size_bytes) {
    Effects fx;
    REQUIRE(director.RegisterModel(now, Model(id, size_bytes), &fx).ok());
  }

  void Take(Effects fx) {
    for (const Wake& wake : fx.wakes) wakes.push_back(wake);
    for (LoadOrder& order : fx.loads) loads.push_back(std::move(order));
    for (const LoadId id : fx.cancels) cancels.push_back(id);
    for (UnloadOrder& order : fx.unloads) unloads.push_back(std::move(order));
  }

  WaiterId Demand(const ModelId& id) {
    Effects fx;
    const WaiterId waiter = ++last_waiter;
    const absl::Status status =
        director.DemandModel(now, id, waiter, absl::InfiniteFuture(), &fx);
    CHECK(status.ok());
    Take(std::move(fx));
    return waiter;
  }

  void FinishLoad(size_t i = 0) {
    const LoadOrder order = loads.at(i);
    loads.erase(loads.begin() + static_cast<std::ptrdiff_t>(i));
    const int64_t bytes = order.spec.size_bytes;
    Effects fx;
    director.OnLoadDone(now, order.id,
                        LoadResult{{Tier::kReady, bytes, bytes}, bytes}, &fx);
    Take(std::move(fx));
  }

  void FinishUnload() {
    const UnloadOrder order = unloads.front();
    unloads.erase(unloads.begin());
    Effects fx;
    director.OnUnloadDone(now, order.spec.id, absl::OkStatus(), &fx);
    Take(std::move(fx));
  }

  void Tick(absl::Duration later) {
    now += later;
    Effects fx;
    director.Tick(now, &fx);
    Take(std::move(fx));
  }

  absl::Time now = kStart;
  Director director;
  WaiterId last_waiter = 0;
  std::vector<Wake> wakes;
  std::vector<LoadOrder> loads;
  std::vector<LoadId> cancels;
  std::vector<UnloadOrder> unloads;
};

TEST_CASE("Director: a demand loads, wakes its caller and is then warm") {
  World world(SmallHost(100, false));
  world.Add("m", 60);
  world.Demand("m");
  REQUIRE(world.loads.size() == 1);
  CHECK(world.director.GetStatus().devices[0].used_bytes == 60);
  world.now += absl::Seconds(3);
  world.FinishLoad();
  REQUIRE(world.wakes.size() == 1);
  CHECK(world.wakes[0].waited == absl::Seconds(3));
  world.Demand("m");
  CHECK(world.wakes.back().served_as == ServedAs::kWarm);
  const Totals totals = world.director.GetStatus().totals;
  CHECK(totals.demands_cold == 1);
  CHECK(totals.demands_warm == 1);
  CHECK(totals.waited == absl::Seconds(3));
  CHECK(totals.read_bytes == 60);
}

TEST_CASE("Director: memory counts as held until the unload is confirmed") {
  World world(SmallHost(100, false));
  world.Add("a", 60);
  world.Add("b", 60);
  world.Demand("a");
  world.FinishLoad();
  world.now += absl::Seconds(10);
  world.Demand("b");
  REQUIRE(world.unloads.size() == 1);
  CHECK(world.loads.empty());
  CHECK(world.director.GetStatus().devices[0].used_bytes == 60);
  world.FinishUnload();
  REQUIRE(world.loads.size() == 1);
  CHECK(world.loads[0].spec.id == "b");
  CHECK(world.director.GetStatus().devices[0].used_bytes == 60);
}

TEST_CASE("Director: a leased or pinned model is never driven out") {
  World world(SmallHost(100, false));
  world.Add("held", 60);
  world.Add("b", 60);
  world.Demand("held");
  world.FinishLoad();
  Effects fx;
  SECTION("leased") {
    REQUIRE(world.director
                .AcquireLease(world.now, "l", "held", absl::Minutes(1), &fx)
                .ok());
  }
  SECTION("pinned") {
    REQUIRE(world.director.PinModel(world.now, "held", true, &fx).ok());
  }
  world.Demand("b");
  CHECK(world.unloads.empty());
  REQUIRE(world.wakes.size() == 2);
  CHECK(world.wakes[1].status.code() == absl::StatusCode::kResourceExhausted);
  CHECK(world.director
            .UnloadModel(world.now, "held", 99, absl::InfiniteFuture(), &fx)
            .code() == absl::StatusCode::kFailedPrecondition);
}

TEST_CASE("Director: when a lease ends, who waits for its memory gets it") {
  World world(SmallHost(100, false));
  world.Add("held", 60);
  world.Add("b", 60);
  world.Demand("held");
  world.FinishLoad();
  Effects fx;
  REQUIRE(
      world.director.AcquireLease(world.now, "l", "held", absl::Minutes(1), &fx)
          .ok());
  world.Tick(absl::Minutes(1));
  world.Demand("b");
  CHECK(world.unloads.size() == 1);
}

TEST_CASE("Director: an announced model is warmed before it is asked for") {
  World world(SmallHost(100, true));
  world.Add("m", 60);
  Effects fx;
  Session session;
  session.id = "s";
  session.roles = {{"chat", "m"}};
  REQUIRE(world.director.StartSession(world.now, session, &fx).ok());
  world.Take(std::move(fx));
  REQUIRE(world.loads.size() == 1);
  world.FinishLoad();
  world.now += absl::Seconds(5);
  world.Demand("m");
  CHECK(world.wakes.back().served_as == ServedAs::kWarm);
  CHECK(world.director.GetStatus().totals.loads_announced == 1);
}

TEST_CASE("Director: with prediction off nothing is warmed by itself") {
  World world(SmallHost(100, false));
  world.Add("m", 60);
  Effects fx;
  Session session;
  session.id = "s";
  session.roles = {{"chat", "m"}};
  REQUIRE(world.director.StartSession(world.now, session, &fx).ok());
  world.Take(std::move(fx));
  world.Tick(absl::Seconds(2));
  CHECK(world.loads.empty());
}

TEST_CASE("Director: a guess gives way to a demand") {
  World world(SmallHost(100, true));
  world.Add("guess", 60);
  world.Add("m", 60);
  Effects fx;
  Session session;
  session.id = "s";
  session.roles = {{"chat", "guess"}};
  REQUIRE(world.director.StartSession(world.now, session, &fx).ok());
  world.Take(std::move(fx));
  REQUIRE(world.loads.size() == 1);
  const LoadId guess = world.loads[0].id;
  world.Demand("m");
  REQUIRE(world.cancels == std::vector<LoadId>{guess});
  world.loads.clear();
  Effects done;
  world.director.OnLoadDone(world.now, guess, absl::CancelledError(""), &done);
  world.Take(std::move(done));
  REQUIRE(world.loads.size() == 1);
  CHECK(world.loads[0].spec.id == "m");
}

TEST_CASE("Director: a session that binds the task leads the prediction") {
  World world(SmallHost(100, true));
  world.Add("bound", 10);
  world.Add("other", 10);
  Effects fx;
  Session session;
  session.id = "s";
  session.roles = {{"chat", "bound"}};
  REQUIRE(world.director.StartSession(world.now, session, &fx).ok());
  PredictionRequest request;
  request.task = ModelType::kChat;
  request.session = "s";
  const auto prediction = world.director.Predict(world.now, request, &fx);
  REQUIRE(prediction.ok());
  REQUIRE_FALSE(prediction->models.empty());
  CHECK(prediction->models[0].forecast.model == "bound");
  CHECK(prediction->confidence > 0.5);
  CHECK_FALSE(prediction->models[0].forecast.reasons.empty());
  REQUIRE(fx.notices.size() == 1);
  CHECK(fx.notices[0].type == "prediction_complete");
}

TEST_CASE("Director: a session may outlive the model it binds") {
  World world(SmallHost(100, true));
  world.Add("bound", 10);
  Effects fx;
  Session session;
  session.id = "s";
  session.roles = {{"chat", "bound"}};
  REQUIRE(world.director.StartSession(world.now, session, &fx).ok());
  world.Take(std::move(fx));
  if (!world.loads.empty()) {
    world.FinishLoad();
    Effects unload;
    REQUIRE(world.director
                .UnloadModel(world.now, "bound", 99, absl::InfiniteFuture(),
                             &unload)
                .ok());
    world.director.OnUnloadDone(world.now, "bound", absl::OkStatus(), &unload);
  }
  Effects rest;
  REQUIRE(world.director.RemoveModel(world.now, "bound", &rest).ok());
  PredictionRequest request;
  request.task = ModelType::kChat;
  request.session = "s";
  request.warm = true;
  const auto prediction = world.director.Predict(world.now, request, &rest);
  REQUIRE(prediction.ok());
  CHECK(prediction->models.empty());
}

TEST_CASE("Director: predicting only asks, it changes no loads") {
  World world(SmallHost(100, true));
  world.Add("m", 10);
  Effects fx;
  PredictionRequest request;
  request.task = ModelType::kChat;
  REQUIRE(world.director.Predict(world.now, request, &fx).ok());
  CHECK(fx.loads.empty());
  CHECK(fx.changes.empty());
}

TEST_CASE("Director: a batch with one bad fact changes nothing") {
  World world(SmallHost(100, true));
  world.Add("m", 10);
  const auto code = [&](UsageReport bad) {
    Effects fx;
    UsageReport good;
    good.model = "m";
    return world.director.RecordUsage(world.now, {good, bad}, &fx).code();
  };
  UsageReport usage;
  usage.model = "nobody";
  CHECK(code(usage) == absl::StatusCode::kNotFound);
  usage.model = "m";
  usage.at = world.now - absl::Hours(2);
  CHECK(code(usage) == absl::StatusCode::kInvalidArgument);
  usage.at = world.now + absl::Minutes(2);
  CHECK(code(usage) == absl::StatusCode::kInvalidArgument);
  usage.at = world.now;
  usage.session = "ghost";
  CHECK(code(usage) == absl::StatusCode::kNotFound);
  CHECK(world.director.GetStatus().totals.usages == 0);
}

TEST_CASE("Director: a usage told twice counts once") {
  World world(SmallHost(100, true));
  world.Add("m", 10);
  UsageReport usage;
  usage.id = "request-1";
  usage.model = "m";
  Effects fx;
  REQUIRE(world.director.RecordUsage(world.now, {usage}, &fx).ok());
  CHECK(world.director.RecordUsage(world.now, {usage}, &fx).code() ==
        absl::StatusCode::kAlreadyExists);
  CHECK(world.director.RecordUsage(world.now, {usage, usage}, &fx).code() ==
        absl::StatusCode::kAlreadyExists);
  CHECK(world.director.GetStatus().totals.usages == 1);
}

TEST_CASE("Director: a model that was lost is given up and can come back") {
  World world(SmallHost(100, false));
  world.Add("m", 60);
  world.Demand("m");
  world.FinishLoad();
  Effects fx;
  world.director.OnMeasured(world.now, "m", {Tier::kHost, 20, 60}, &fx);
  world.Take(std::move(fx));
  REQUIRE(world.unloads.size() == 1);
  world.FinishUnload();
  CHECK(world.director.GetStatus().devices[0].used_bytes == 0);
  CHECK(world.director.GetModel("m")->state == ModelState::kCold);
}

TEST_CASE("Director: what is not cold cannot be removed or moved") {
  World world(SmallHost(100, false));
  world.Add("m", 60);
  world.Demand("m");
  Effects fx;
  CHECK(world.director.RemoveModel(world.now, "m", &fx).code() ==
        absl::StatusCode::kFailedPrecondition);
  ModelSpec moved = Model("m", 60);
  moved.source = "/elsewhere";
  CHECK(world.director.UpdateModel(world.now, moved, std::nullopt, &fx)
            .status()
            .code() == absl::StatusCode::kFailedPrecondition);
  CHECK(fx.changes.empty());
}

TEST_CASE("Director: unknown engine, device and revision are named") {
  World world(SmallHost(100, false));
  world.Add("m", 60);
  Effects fx;
  ModelSpec spec = Model("n", 1);
  spec.engine = "ghost";
  auto status = world.director.RegisterModel(world.now, spec, &fx).status();
  CHECK(status.code() == absl::StatusCode::kNotFound);
  CHECK(GetErrorDetails(status).metadata.at("engine") == "ghost");
  spec = Model("n", 1);
  spec.device = "gpu9";
  status = world.director.RegisterModel(world.now, spec, &fx).status();
  CHECK(GetErrorDetails(status).metadata.at("device") == "gpu9");
  status =
      world.director.UpdateModel(world.now, Model("m", 50), 7, &fx).status();
  CHECK(GetErrorDetails(status).reason == "REVISION_MISMATCH");
  CHECK(fx.changes.empty());
}

TEST_CASE("Director: an unload by hand is not undone by a guess") {
  World world(SmallHost(100, true));
  world.Add("m", 60);
  Effects fx;
  Session session;
  session.id = "s";
  session.lease = absl::Hours(1);
  session.roles = {{"chat", "m"}};
  REQUIRE(world.director.StartSession(world.now, session, &fx).ok());
  world.Take(std::move(fx));
  world.FinishLoad();
  Effects unload;
  REQUIRE(world.director
              .UnloadModel(world.now, "m", 1, absl::InfiniteFuture(), &unload)
              .ok());
  world.Take(std::move(unload));
  world.FinishUnload();
  world.Tick(absl::Seconds(30));
  CHECK(world.loads.empty());
  world.Demand("m");  // somebody who waits gets it all the same
  CHECK(world.loads.size() == 1);
}

// A year of nonsense: whatever happens, the rules hold.
TEST_CASE("Director: invariants hold under random facts and faults") {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    std::mt19937_64 random(seed);
    const auto pick = [&](size_t n) { return random() % n; };
    Director::Options options = SmallHost(100, seed % 4 != 0);
    options.policy.max_concurrent_loads = 1 + static_cast<int>(seed % 3);
    options.policy.switching_timeout = absl::Seconds(30);
    World world(options);
    std::vector<ModelId> models;
    for (int i = 0; i < 8; ++i) {
      models.push_back("m" + std::to_string(i));
      world.Add(models.back(), 10 + static_cast<int64_t>(pick(50)));
    }
    std::set<WaiterId> waiting;
    for (int step = 0; step < 300; ++step) {
      world.now += absl::Milliseconds(pick(5000));
      const ModelId& id = models[pick(models.size())];
      Effects fx;
      switch (pick(8)) {
        case 0:
        case 1: {
          const WaiterId waiter = ++world.last_waiter;
          if (world.director
                  .DemandModel(world.now, id, waiter,
                               world.now + absl::Seconds(20), &fx)
                  .ok()) {
            waiting.insert(waiter);
          }
          break;
        }
        case 2: {
          UsageReport usage;
          usage.model = id;
          CHECK(world.director.RecordUsage(world.now, {usage}, &fx).ok());
          break;
        }
        case 3: {
          ActivityReport activity;
          activity.kind = "chat_panel_opened";
          activity.model = id;
          CHECK(world.director.ReportActivity(world.now, {activity}, &fx).ok());
          break;
        }
        case 4:
          if (!world.loads.empty()) {
            const size_t i = pick(world.loads.size());
            const LoadOrder order = world.loads[i];
            world.loads.erase(world.loads.begin() +
                              static_cast<std::ptrdiff_t>(i));
            const int64_t bytes = order.spec.size_bytes;
            absl::StatusOr<LoadResult> result =
                LoadResult{{Tier::kReady, bytes, bytes}, bytes};
            const bool is_cancelled =
                std::count(world.cancels.begin(), world.cancels.end(),
                           order.id) > 0;
            if (is_cancelled && pick(4) != 0) {
              result = absl::CancelledError("");
            } else if (pick(5) == 0) {
              result = absl::InternalError("broken");
            }
            world.director.OnLoadDone(world.now, order.id, result, &fx);
          }
          break;
        case 5:
          if (!world.unloads.empty()) {
            const UnloadOrder order = world.unloads.front();
            world.unloads.erase(world.unloads.begin());
            world.director.OnUnloadDone(
                world.now, order.spec.id,
                pick(6) == 0 ? absl::InternalError("busy") : absl::OkStatus(),
                &fx);
          }
          break;
        case 6:
          if (!waiting.empty() && pick(2) == 0) {
            world.director.Withdraw(world.now, *waiting.begin(), &fx);
            waiting.erase(waiting.begin());
          }
          break;
        default:
          world.director.Tick(world.now, &fx);
      }
      for (const Wake& wake : fx.wakes) {
        // Nobody is woken twice, or without having waited.
        REQUIRE(waiting.erase(wake.waiter) == 1);
      }
      world.Take(std::move(fx));
      const Status status = world.director.GetStatus();
      // The ledger is the sum of what is alive and within the budget.
      int64_t alive = 0;
      size_t loading = 0;
      for (const ModelView& view : world.director.ListModels("", 100)) {
        const bool holds = view.state == ModelState::kLoading ||
                           view.state == ModelState::kReady ||
                           view.state == ModelState::kUnloading;
        REQUIRE((view.held_bytes > 0) == holds);
        alive += view.held_bytes;
        loading += view.state == ModelState::kLoading ? 1 : 0;
      }
      REQUIRE(status.devices[0].used_bytes == alive);
      REQUIRE(alive <= 100);
      REQUIRE(loading <=
              static_cast<size_t>(options.policy.max_concurrent_loads));
      REQUIRE(loading == world.loads.size());
      REQUIRE(status.waiters == waiting.size());
    }
  }
}

}  // namespace
}  // namespace warmup
