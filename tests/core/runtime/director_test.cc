// The director on simulated time.

#include "core/runtime/director.h"

#include "core/base/error.h"
#include "tests/core/runtime/small_world.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

TEST_CASE("Director: a demand loads, wakes its caller and is then warm") {
  SmallWorld world(SmallHost(100, false));
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
  SmallWorld world(SmallHost(100, false));
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
  SmallWorld world(SmallHost(100, false));
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
  SmallWorld world(SmallHost(100, false));
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
  SmallWorld world(SmallHost(100, true));
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
  SmallWorld world(SmallHost(100, false));
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
  SmallWorld world(SmallHost(100, true));
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
  SmallWorld world(SmallHost(100, true));
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
  SmallWorld world(SmallHost(100, true));
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
  SmallWorld world(SmallHost(100, true));
  world.Add("m", 10);
  Effects fx;
  PredictionRequest request;
  request.task = ModelType::kChat;
  REQUIRE(world.director.Predict(world.now, request, &fx).ok());
  CHECK(fx.loads.empty());
  CHECK(fx.changes.empty());
}

TEST_CASE("Director: a batch with one bad fact changes nothing") {
  SmallWorld world(SmallHost(100, true));
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
  SmallWorld world(SmallHost(100, true));
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
  SmallWorld world(SmallHost(100, false));
  world.Add("m", 60);
  world.Demand("m");
  world.FinishLoad();
  world.Show({{"m", {.residency = {Tier::kHost, 20, 60}}}});
  REQUIRE(world.unloads.size() == 1);
  world.FinishUnload();
  CHECK(world.director.GetStatus().devices[0].used_bytes == 0);
  CHECK(world.director.GetModel("m")->state == ModelState::kCold);
}

TEST_CASE("Director: what is not cold cannot be removed or moved") {
  SmallWorld world(SmallHost(100, false));
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

TEST_CASE("Director: a pinned or leased model is not removed") {
  SmallWorld world(SmallHost(100, false));
  world.Add("m", 60);
  const auto remove = [&] {
    Effects fx;
    return world.director.RemoveModel(world.now, "m", &fx).code();
  };
  Effects fx;
  REQUIRE(world.director.PinModel(world.now, "m", true, &fx).ok());
  CHECK(remove() == absl::StatusCode::kFailedPrecondition);
  REQUIRE(world.director.PinModel(world.now, "m", false, &fx).ok());
  REQUIRE(
      world.director.AcquireLease(world.now, "l", "m", absl::Minutes(1), &fx)
          .ok());
  CHECK(remove() == absl::StatusCode::kFailedPrecondition);
  REQUIRE(world.director.ReleaseLease(world.now, "l", &fx).ok());
  CHECK(remove() == absl::StatusCode::kOk);
}

TEST_CASE("Director: unknown engine, device and revision are named") {
  SmallWorld world(SmallHost(100, false));
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
  SmallWorld world(SmallHost(100, true));
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

TEST_CASE("Director: the first use counts, before anything else is known") {
  SmallWorld world(SmallHost(100, true));
  world.Add("used", 40);
  world.Add("idle", 40);
  world.Add("third", 40);
  for (const char* id : {"used", "idle"}) {
    world.Demand(id);
    world.FinishLoad();
    world.now += absl::Seconds(10);
  }
  world.now += UseMatcher::kReportAge;  // of no demand any more
  Effects fx;
  REQUIRE(world.director.RecordUsage(world.now, {{.model = "used"}}, &fx).ok());
  world.Take(std::move(fx));
  world.now += absl::Seconds(10);
  const auto view = world.director.GetModel("used");
  REQUIRE(view.ok());
  CHECK(view->p_1h > 0.1);
  world.Demand("third");
  REQUIRE(world.unloads.size() == 1);
  CHECK(world.unloads[0].spec.id == "idle");
}

// What is expected of model "b" after `busy`, who always uses b after a, used a
// among many who use other things, with so many silent sessions beside.
double ExpectedAmong(int silent_sessions) {
  SmallWorld world(SmallHost(100, true));
  for (const char* id : {"a", "b", "x", "y"}) world.Add(id, 10);
  Effects fx;
  const auto start = [&](const SessionId& id) {
    Session session;
    session.id = session.user = id;
    session.lease = absl::Hours(1);
    REQUIRE(world.director.StartSession(world.now, session, &fx).ok());
  };
  start("busy");
  for (int i = 0; i < silent_sessions; ++i) start(absl::StrCat("a", i));
  const auto use = [&](const ModelId& model, const SessionId& session) {
    world.now += absl::Seconds(5);
    REQUIRE(
        world.director
            .RecordUsage(world.now, {{.model = model, .session = session}}, &fx)
            .ok());
  };
  for (int i = 0; i < 30; ++i) {
    for (const char* model : {"x", "x", "y"}) use(model, "");
    use(i % 2 == 0 ? "a" : "b", "busy");
  }
  use("a", "busy");
  return world.director.GetModel("b")->p_5min;
}

TEST_CASE("Director: a session that is heard counts among many that are not") {
  const double alone = ExpectedAmong(0);
  CHECK(alone > 0.5);
  CHECK(ExpectedAmong(50) == alone);
}

}  // namespace
}  // namespace warmup
