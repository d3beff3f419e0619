// A KserveEngine with an MLServer, and with KServe's own server.

#include <atomic>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/adapters/engines/kserve/kserve_fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/scripted_server.h"

namespace warmup {
namespace {

using Kind = FakeKserve::Kind;

}  // namespace

TEST_CASE("KserveEngine on MLServer: loads, shows and unloads") {
  KserveWorld world(Kind::kMlServer);
  CHECK(*KserveEngine::Probe("kserve", world.fake.endpoint()) ==
        "mlserver 1.7.1");
  CHECK(world.engine->Discover()->size() == 2);
  CHECK_FALSE(world.IsReady("a"));
  world.LoadOk("a");
  CHECK(world.IsReady("a"));
  CHECK_FALSE(world.engine->info().abilities.shows_use);
  CHECK(world.fake.CallCount("ModelStatistics") == 0);
  // That would load it anew.
  world.LoadOk("a");
  CHECK(world.fake.CallCount("RepositoryModelLoad") == 1);
  REQUIRE(world.Unload("a").ok());
  CHECK_FALSE(world.IsReady("a"));
  REQUIRE(world.Unload("a").ok());
}

TEST_CASE("KserveEngine on MLServer: a failed load is told in its words") {
  KserveWorld world(Kind::kMlServer);
  CHECK(ReasonOf(world.Load("nope").status()) == "MODEL_NOT_FOUND");
  world.fake.FailLoad("a", {grpc::StatusCode::INTERNAL,
                            "builtins.RuntimeError: this model is broken"});
  const absl::Status status = world.Load("a").status();
  CHECK(ReasonOf(status) == "MODEL_DAMAGED");
  CHECK(status.message().find("this model is broken") != std::string::npos);
}

TEST_CASE("KserveEngine on MLServer: a cancelled load leaves nothing") {
  KserveWorld world(Kind::kMlServer);
  world.fake.HoldLoads(true);
  {
    BackgroundLoad load(*world.engine, KserveSpec("a"));
    world.fake.AwaitLoading("a");
    // Nobody waits for one that is UNKNOWN, as far as can be told.
    CHECK_FALSE(world.LookAt("a").is_loading);
    load.Cancel();
    CHECK(absl::IsCancelled(load.Result().status()));
  }
  CHECK(world.fake.CallCount("RepositoryModelUnload") == 1);
  CHECK_FALSE(world.IsReady("a"));
  world.fake.HoldLoads(false);
  world.LoadOk("a");
  CHECK(world.IsReady("a"));
}

TEST_CASE("KserveEngine on MLServer: its metrics tell the uses") {
  std::atomic<int> count{0};
  std::atomic<bool> is_well{true};
  ScriptedServer metrics([&](ScriptedServer::Peer& peer) {
    while (!peer.ReadRequest().empty()) {
      peer.Write(is_well
                     ? HttpAnswer(200, absl::StrCat(
                                           "model_infer_request_success_total{"
                                           "model=\"a\",version=\"\"} ",
                                           count.load(), ".0\n"))
                     : HttpAnswer(500, "oops"));
    }
  });
  KserveWorld world(Kind::kMlServer, metrics.endpoint());
  world.LoadOk("a");
  CHECK(world.engine->info().abilities.shows_use);
  CHECK(world.LookAt("a").uses == 0);
  count = 3;
  CHECK(world.LookAt("a").uses == 3);
  // Without them it is looked at all the same.
  is_well = false;
  CHECK(world.IsReady("a"));
  is_well = true;
  count = 4;
  CHECK(world.LookAt("a").uses == 1);
}

TEST_CASE("KserveEngine on KServe's own: finds the field that it reads") {
  KserveWorld world(Kind::kKserve);
  CHECK(*KserveEngine::Probe("kserve", world.fake.endpoint()) ==
        "kserve 0.21.0");
  CHECK(world.engine->Discover()->empty());
  CHECK(world.engine->Describe(KserveSpec("a")).ok());
  CHECK_FALSE(world.IsReady("a"));
  // Called an error, and done all the same.
  CHECK(world.LoadOk("a").residency.tier == Tier::kReady);
  CHECK(world.IsReady("a"));
  CHECK_FALSE(world.IsReady("b"));
  CHECK_FALSE(world.engine->info().abilities.shows_use);
  REQUIRE(world.Unload("a").ok());
  CHECK_FALSE(world.IsReady("a"));
  CHECK_FALSE(world.IsReady("nope"));
  CHECK(world.fake.CallCount("RepositoryIndex") == 0);
  CHECK(world.fake.CallCount("ModelStatistics") == 0);
}

TEST_CASE("KserveEngine on KServe's own: an error that is one stays one") {
  KserveWorld world(Kind::kKserve);
  CHECK(ReasonOf(world.Load("nope").status()) == "MODEL_NOT_FOUND");
  world.fake.FailLoad("a", {grpc::StatusCode::INTERNAL, "no such file"});
  const absl::Status status = world.Load("a").status();
  CHECK(ReasonOf(status) == "MODEL_DAMAGED");
  CHECK(status.message().find("no such file") != std::string::npos);
}

TEST_CASE("KserveEngine on KServe's own: a cancelled load is taken back") {
  KserveWorld world(Kind::kKserve);
  world.fake.HoldLoads(true);
  {
    BackgroundLoad load(*world.engine, KserveSpec("a"));
    world.fake.AwaitLoading("a");
    load.Cancel();
    CHECK(absl::IsCancelled(load.Result().status()));
  }
  CHECK_FALSE(world.IsReady("a"));
  world.fake.HoldLoads(false);
  REQUIRE(Eventually([&] {
    world.LookAt("a");
    return world.fake.StateOf("a") == "UNAVAILABLE";
  }));
  world.fake.LoadByUser("a");
  CHECK(world.IsReady("a"));
  CHECK(world.IsReady("a"));
}

}  // namespace warmup
