// A KserveEngine with the real Triton and the real MLServer.

#include "tests/support/real_kserve.h"

#include <csignal>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/adapters/engines/kserve/kserve_fixture.h"
#include "tests/support/eventually.h"

namespace warmup {
namespace {

using Kind = RealKserve::Kind;

struct RealWorld {
  RealWorld(Kind kind, const std::string& program)
      : server(kind, program),
        engine(EngineOn(server.endpoint(), WithMetrics(server, kind))) {}

  static KserveEngine::Options WithMetrics(const RealKserve& server,
                                           Kind kind) {
    KserveEngine::Options options;
    if (kind == Kind::kMlServer) {
      options.metrics_endpoint = server.metrics_endpoint();
    }
    return options;
  }
  absl::StatusOr<LoadResult> Load(const std::string& name) {
    TestControl control;
    return engine->Load(KserveSpec(name), control);
  }
  void LoadOk(const std::string& name) {
    const auto result = Load(name);
    INFO(result.status().ToString());
    REQUIRE(result.ok());
  }
  Sighting LookAt(const std::string& name) {
    const auto sightings = engine->Look({KserveSpec(name)});
    INFO(sightings.status().ToString());
    REQUIRE(sightings.ok());
    return (*sightings)[0];
  }
  bool IsReady(const std::string& name) {
    return LookAt(name).residency.tier == Tier::kReady;
  }
  void UnloadOk(const std::string& name) {
    const absl::Status status = engine->Unload(KserveSpec(name));
    INFO(status.ToString());
    REQUIRE(status.ok());
  }

  void ListsLoadsAndUnloads() {
    CHECK(engine->Discover()->size() == 4);
    CHECK_FALSE(IsReady("a"));
    LoadOk("a");
    CHECK(server.IsReady("a"));
    CHECK(IsReady("a"));
    LoadOk("a");
    UnloadOk("a");
    CHECK_FALSE(server.IsReady("a"));
    CHECK_FALSE(LookAt("a").was_unloaded);
    UnloadOk("a");
  }
  void SeesUses() {
    LoadOk("a");
    LoadOk("b");
    CHECK(LookAt("a").uses == 0);
    for (int i = 0; i < 3; ++i) CHECK(server.user().Infer("a").ok());
    // A server may answer before it counts.
    int64_t seen = 0;
    REQUIRE(Eventually([&] { return (seen += LookAt("a").uses) >= 3; }));
    CHECK(seen == 3);
    CHECK(LookAt("a").uses == 0);
    CHECK(LookAt("b").uses == 0);
    UnloadOk("a");
    LoadOk("a");
    CHECK(LookAt("a").uses == 0);
  }
  void TellsWhatCannotBeLoaded() {
    CHECK(ReasonOf(Load("nope").status()) == "MODEL_NOT_FOUND");
    const absl::Status broken = Load("broken").status();
    CHECK(ReasonOf(broken) == "MODEL_DAMAGED");
    CHECK(broken.message().find("this model is broken") != std::string::npos);
    CHECK_FALSE(IsReady("broken"));
    UnloadOk("nope");
  }
  void TakesBackCancelledLoads() {
    server.HoldLoads("big", true);
    {
      BackgroundLoad load(*engine, KserveSpec("big"));
      server.AwaitLoading("big");
      LookAt("big");
      load.Cancel();
      // The rest of the load is waited for.
      server.HoldLoads("big", false);
      CHECK(absl::IsCancelled(load.Result().status()));
    }
    CHECK_FALSE(server.IsReady("big"));
    LoadOk("big");
    CHECK(server.IsReady("big"));
    CHECK(IsReady("big"));
  }
  void TakesBackWhatComesLater() {
    KserveEngine::Options options;
    options.give_up_timeout = absl::Milliseconds(100);
    engine = EngineOn(server.endpoint(), options);
    server.HoldLoads("big", true);
    {
      BackgroundLoad load(*engine, KserveSpec("big"));
      server.AwaitLoading("big");
      load.Cancel();
      CHECK(absl::IsCancelled(load.Result().status()));
    }
    server.HoldLoads("big", false);
    REQUIRE(Eventually([&] {
      LookAt("big");
      const std::string state = server.user().StateOf("big");
      return state == "UNAVAILABLE" || state == "State.UNAVAILABLE";
    }));
    LoadOk("big");
    for (int i = 0; i < 3; ++i) CHECK(IsReady("big"));
  }
  void SurvivesRestarts() {
    LoadOk("a");
    CHECK(IsReady("a"));
    server.process().Kill();
    const auto away = engine->Look({KserveSpec("a")});
    CHECK(ReasonOf(away.status()) == "ENGINE_UNAVAILABLE");
    server.process().Start();
    REQUIRE(Eventually([&] { return engine->Look({KserveSpec("a")}).ok(); }));
    const Sighting back = LookAt("a");
    CHECK(back.residency.tier == Tier::kCold);
    CHECK_FALSE(back.was_unloaded);
    LoadOk("a");
  }

  RealKserve server;
  std::unique_ptr<KserveEngine> engine;
};

struct RealTriton : RealWorld {
  RealTriton() : RealWorld(Kind::kTriton, WARMUP_TRITON) {}
};

struct RealMlServer : RealWorld {
  RealMlServer() : RealWorld(Kind::kMlServer, WARMUP_MLSERVER) {}
};

}  // namespace

TEST_CASE("A real Triton: models are loaded, used and unloaded", "[.triton]") {
  RealTriton world;
  CHECK(*KserveEngine::Probe("kserve", world.server.endpoint()) ==
        "triton 2.51.0");
  world.ListsLoadsAndUnloads();
  world.SeesUses();
  world.TellsWhatCannotBeLoaded();
}

TEST_CASE("A real Triton: what others do is seen", "[.triton]") {
  RealTriton world;
  REQUIRE(world.server.user().Load("a").ok());
  CHECK(world.IsReady("a"));
  REQUIRE(world.server.user().Unload("a").ok());
  CHECK(world.LookAt("a").was_unloaded);
  world.server.HoldLoads("b", true);
  world.engine->Discover().IgnoreError();
  BackgroundLoad load(*world.engine, KserveSpec("b"));
  world.server.AwaitLoading("b");
  CHECK(world.LookAt("b").is_loading);
  world.server.HoldLoads("b", false);
  CHECK(load.Result().ok());
}

TEST_CASE("A real Triton: cancelled loads are taken back", "[.triton]") {
  RealTriton world;
  world.TakesBackCancelledLoads();
  world.UnloadOk("big");
  world.TakesBackWhatComesLater();
}

TEST_CASE("A real Triton: killed and restarted, it is found", "[.triton]") {
  RealTriton world;
  world.SurvivesRestarts();
}

TEST_CASE("A real Triton: a model whose worker died is healed", "[.triton]") {
  RealTriton world;
  world.LoadOk("a");
  CHECK(world.server.user().Infer("a").ok());
  // A request is counted a little after it was answered.
  REQUIRE(Eventually([&] { return world.LookAt("a").uses == 1; }));
  REQUIRE(world.server.process().SignalTo(world.server.WorkerOf("a"),
                                          SIGKILL) == 1);
  for (int i = 0; i < kserve::kFailuresBelieved; ++i) {
    CHECK_FALSE(world.server.user().Infer("a").ok());
  }
  CHECK(world.server.IsReady("a"));  // as it says
  REQUIRE(Eventually([&] { return !world.IsReady("a"); }));
  world.LoadOk("a");
  CHECK(world.server.user().Infer("a").ok());
  CHECK(world.IsReady("a"));
}

TEST_CASE("A real MLServer: models are loaded, used, unloaded", "[.mlserver]") {
  RealMlServer world;
  CHECK(*KserveEngine::Probe("kserve", world.server.endpoint()) ==
        "mlserver 1.7.1");
  world.ListsLoadsAndUnloads();
  world.SeesUses();
  world.TellsWhatCannotBeLoaded();
}

TEST_CASE("A real MLServer: cancelled loads are taken back", "[.mlserver]") {
  RealMlServer world;
  world.TakesBackCancelledLoads();
  world.UnloadOk("big");
  world.TakesBackWhatComesLater();
}

TEST_CASE("A real MLServer: killed and restarted, it is found", "[.mlserver]") {
  RealMlServer world;
  world.SurvivesRestarts();
}

}  // namespace warmup
