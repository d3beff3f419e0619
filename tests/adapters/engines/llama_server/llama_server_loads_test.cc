// Loads and unloads by a router.

#include <fstream>
#include <string>
#include <thread>
#include <utility>

#include "absl/time/clock.h"
#include "tests/adapters/engines/llama_server/llama_server_fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_folder.h"

namespace warmup {

TEST_CASE("LlamaServerEngine: a load returns when the model answers") {
  Router router;
  const std::string name = GENERATE(as<std::string>{}, "a", "e", "embed");
  const LoadResult result = router.on.LoadOk(name);
  CHECK(result.residency.tier == Tier::kReady);
  CHECK(result.residency.resident_bytes == FakeLlamaServer::kWeightBytes);
  CHECK(result.read_bytes == FakeLlamaServer::kWeightBytes);
  CHECK(router.on.IsReady(name));
  // The second is there already.
  CHECK(router.on.LoadOk(name).read_bytes == 0);
  CHECK(router.fake.CallCount("/models/load") == 1);
  CHECK(router.fake.AutoloadCount() == 0);
}

TEST_CASE("LlamaServerEngine: success before the model is ready is no load") {
  Router router;
  router.fake.HoldLoads(true);
  BackgroundLoad load(router.on.engine, SpecOf("a"));
  router.fake.AwaitLoading("a");
  const int looks = router.fake.CallCount("/models");
  REQUIRE(
      Eventually([&] { return router.fake.CallCount("/models") > looks + 3; }));
  CHECK_FALSE(load.has_ended());
  router.fake.HoldLoads(false);
  CHECK(load.Result().ok());
  CHECK(router.fake.IsLoaded("a"));
}

TEST_CASE("LlamaServerEngine: waits for a load that others asked for") {
  Router router;
  router.fake.HoldLoads(true);
  BackgroundLoad theirs(router.on.engine, SpecOf("a"));
  router.fake.AwaitLoading("a");
  EngineOn other(router.fake.endpoint());
  BackgroundLoad ours(other.engine, SpecOf("a"));
  SECTION("and has it too") {
    router.fake.HoldLoads(false);
    CHECK(ours.Result().ok());
  }
  SECTION("and leaves it alone when cancelled") {
    REQUIRE(Eventually([&] { return router.fake.CallCount("/props") > 1; }));
    ours.Cancel();
    CHECK(absl::IsCancelled(ours.Result().status()));
    router.fake.HoldLoads(false);
  }
  CHECK(theirs.Result().ok());
  CHECK(router.fake.IsLoaded("a"));
  CHECK(router.fake.CallCount("/models/load") == 1);
}

TEST_CASE("LlamaServerEngine: a cancelled load leaves nothing behind") {
  Router router;
  router.fake.HoldLoads(true);
  BackgroundLoad load(router.on.engine, SpecOf("a"));
  router.fake.AwaitLoading("a");
  load.Cancel();
  CHECK(absl::IsCancelled(load.Result().status()));
  CHECK(router.fake.StatusOf("a") == "unloaded");
}

TEST_CASE("LlamaServerEngine: so does one cancelled while it was asked for") {
  Router router;
  // As when the router first makes room.
  router.fake.Hang("/models/load");
  BackgroundLoad load(router.on.engine, SpecOf("a"));
  REQUIRE(
      Eventually([&] { return router.fake.CallCount("/models/load") == 1; }));
  load.Cancel();
  router.fake.LoadByHand("a");
  CHECK(absl::IsCancelled(load.Result().status()));
  CHECK(router.fake.StatusOf("a") == "unloaded");
}

TEST_CASE("LlamaServerEngine: a load wakes a sleeping model") {
  Router router;
  router.on.LoadOk("s");
  router.fake.Sleep("s");
  const LoadResult result = router.on.LoadOk("s");
  CHECK(result.residency.tier == Tier::kReady);
  CHECK(router.fake.IsLoaded("s"));
  CHECK(router.on.LookAt("s").uses == 0);
}

TEST_CASE("LlamaServerEngine: what is listed as loaded and silent is mended") {
  Router router;
  router.on.LoadOk("a");
  router.on.LookAt("a");
  router.fake.EndChild("a");
  router.on.LoadOk("a");
  CHECK(router.on.IsReady("a"));
  CHECK(router.fake.CallCount("/models/unload") == 1);
}

TEST_CASE("LlamaServerEngine: a full router is asked again later") {
  Router router;
  router.fake.SetLimit(1);
  router.fake.BeginStream("b");
  const absl::Status status = router.on.Load("a").status();
  CHECK(absl::IsResourceExhausted(status));
  CHECK(ReasonOf(status) == "MODEL_LIMIT_REACHED");
  CHECK(GetErrorDetails(status).retry_after.has_value());
  CHECK_THAT(std::string(status.message()),
             Catch::Contains("\"a\"") && Catch::Contains("limit"));
  router.fake.EndStream("b");
  router.on.LoadOk("a");
  CHECK(router.fake.StatusOf("b") == "unloaded");
}

TEST_CASE("LlamaServerEngine: does not load what it does not know") {
  Router router;
  const absl::Status status = router.on.Load("nobody").status();
  CHECK(absl::IsNotFound(status));
  CHECK(ReasonOf(status) == "MODEL_NOT_FOUND");
  CHECK(router.on.Unload("nobody").ok());
}

TEST_CASE("LlamaServerEngine: a load that fails is explained by the file") {
  const TempFolder folder;
  const std::string path = folder.File("x.gguf");
  Router router;
  router.fake.Add({.name = "x", .path = path});
  router.fake.BreakLoads("x");
  absl::StatusCode code = absl::StatusCode::kFailedPrecondition;
  std::string reason = "MODEL_DAMAGED";
  std::string why = path;
  SECTION("no GGUF file") { std::ofstream(path) << "garbage"; }
  SECTION("cut off") { std::ofstream(path) << "GGUF\x03"; }
  SECTION("empty") { std::ofstream file(path); }
  SECTION("gone") {
    code = absl::StatusCode::kNotFound;
    reason = "MODEL_NOT_FOUND";
  }
  const absl::Status status = router.on.Load("x").status();
  INFO(status.ToString());
  CHECK(status.code() == code);
  CHECK(ReasonOf(status) == reason);
  CHECK_THAT(std::string(status.message()),
             Catch::Contains("\"x\"") && Catch::Contains(why));
}

TEST_CASE("LlamaServerEngine: or it says that only the server knows why") {
  Router router;
  absl::Status status;
  SECTION("its file cannot be seen") {
    router.fake.BreakLoads("a");
    status = router.on.Load("a").status();
  }
  SECTION("somebody unloaded or killed it while it was loading") {
    router.fake.HoldLoads(true);
    BackgroundLoad load(router.on.engine, SpecOf("a"));
    router.fake.AwaitLoading("a");
    router.fake.UnloadByHand("a");
    status = load.Result().status();
  }
  INFO(status.ToString());
  CHECK(absl::IsUnavailable(status));
  CHECK(ReasonOf(status) == "ENGINE_FAILED");
  CHECK_THAT(std::string(status.message()), Catch::Contains("log"));
  CHECK(router.fake.CallCount("/models/load") == 1);
}

TEST_CASE("LlamaServerEngine: a model that is being downloaded is not loaded") {
  Router router;
  router.fake.Download("a");
  const absl::Status status = router.on.Load("a").status();
  CHECK(absl::IsUnavailable(status));
  CHECK(ReasonOf(status) == "ENGINE_BUSY");
  // An unload would end the download.
  CHECK(router.on.Unload("a").ok());
  CHECK(router.fake.CallCount("/models/unload") == 0);
}

TEST_CASE("LlamaServerEngine: an unload returns when the model is gone") {
  Router router;
  router.on.LoadOk("a");
  router.on.LookAt("a");
  CHECK(router.on.Unload("a").ok());
  CHECK(router.fake.StatusOf("a") == "unloaded");
  CHECK(router.on.Unload("a").ok());
  CHECK_FALSE(router.on.LookAt("a").was_unloaded);
}

TEST_CASE("LlamaServerEngine: a sleeping model is unloaded without waking") {
  Router router;
  router.on.LoadOk("s");
  router.fake.Sleep("s");
  CHECK(router.on.Unload("s").ok());
  CHECK(router.fake.StatusOf("s") == "unloaded");
  CHECK(router.fake.WakeCount() == 0);
}

TEST_CASE("LlamaServerEngine: never unloads what is in use") {
  Router router;
  const bool has_metrics = GENERATE(true, false);
  const std::string name = GENERATE(as<std::string>{}, "a", "s");
  if (!has_metrics) router.fake.DropMetrics();
  router.fake.BeginStream(name);
  const absl::Status status = router.on.Unload(name);
  CHECK(absl::IsFailedPrecondition(status));
  CHECK(ReasonOf(status) == "MEMORY_IN_USE");
  CHECK(router.fake.CallCount("/models/unload") == 0);
  CHECK(router.fake.IsLoaded(name));
  router.fake.EndStream(name);
  CHECK(router.on.Unload(name).ok());
}

TEST_CASE("LlamaServerEngine: nor what somebody is loading") {
  Router router;
  router.fake.HoldLoads(true);
  BackgroundLoad theirs(router.on.engine, SpecOf("a"));
  router.fake.AwaitLoading("a");
  EngineOn other(router.fake.endpoint());
  CHECK(ReasonOf(other.Unload("a")) == "MEMORY_IN_USE");
  CHECK(router.fake.CallCount("/models/unload") == 0);
  router.fake.HoldLoads(false);
  CHECK(theirs.Result().ok());
}

TEST_CASE("LlamaServerEngine: says when a model stays though it was unloaded") {
  Router router;
  router.on.LoadOk("a");
  router.fake.HoldUnloads();
  const absl::Status status = router.on.Unload("a");
  CHECK(absl::IsFailedPrecondition(status));
  CHECK(ReasonOf(status) == "MEMORY_IN_USE");
}

TEST_CASE("LlamaServerEngine: an unload beside a look that hangs is done") {
  Router router;
  router.on.LoadOk("s");
  router.fake.Sleep("s");
  router.fake.Hang("/metrics");
  const int questions = router.fake.CallCount("/metrics");
  std::thread look(
      [&] { static_cast<void>(router.on.engine.Look({SpecOf("s")})); });
  CHECK(Eventually(
      [&] { return router.fake.CallCount("/metrics") > questions; }));
  const absl::Status status = router.on.Unload("s");
  look.join();
  CHECK(status.ok());
  CHECK(router.fake.StatusOf("s") == "unloaded");
}

TEST_CASE("LlamaServerEngine: a look asks nothing of what is being unloaded") {
  Router router;
  router.on.LoadOk("a");
  CHECK(router.on.IsReady("a"));
  router.fake.HoldUnloads();
  std::thread unload([&] { static_cast<void>(router.on.Unload("a")); });
  CHECK(
      Eventually([&] { return router.fake.CallCount("/models/unload") > 0; }));
  const int questions = router.fake.CallCount("/metrics");
  CHECK_FALSE(router.on.IsReady("a"));
  CHECK(router.fake.CallCount("/metrics") == questions);
  unload.join();
}

TEST_CASE("LlamaServerEngine: a load ends with an engine that goes away") {
  Router router;
  router.fake.HoldLoads(true);
  BackgroundLoad load(router.on.engine, SpecOf("a"));
  router.fake.AwaitLoading("a");
  router.fake.Stop();
  CHECK(absl::IsUnavailable(load.Result().status()));
}

TEST_CASE(
    "LlamaServerEngine: a load on an engine that hangs can be cancelled") {
  Router router;
  router.on.LookAt("a");
  router.fake.Hang("/models");
  BackgroundLoad load(router.on.engine, SpecOf("a"));
  const int before = router.fake.CallCount("/models");
  REQUIRE(
      Eventually([&] { return router.fake.CallCount("/models") >= before; }));
  const absl::Time start = absl::Now();
  load.Cancel();
  CHECK(absl::IsCancelled(load.Result().status()));
  CHECK(absl::Now() - start < absl::Seconds(1));
}

TEST_CASE("LlamaServerEngine: loads and unloads of many models at once") {
  Router router;
  std::vector<std::unique_ptr<BackgroundLoad>> loads;
  for (const char* name : {"a", "b", "e", "s"}) {
    loads.push_back(
        std::make_unique<BackgroundLoad>(router.on.engine, SpecOf(name)));
  }
  for (int i = 0; i < 20; ++i) router.on.LookAtAll({"a", "b", "e", "s"});
  for (const auto& load : loads) {
    INFO(load->Result().status().ToString());
    CHECK(load->Result().ok());
  }
  for (const char* name : {"a", "b", "e", "s"}) CHECK(router.on.IsReady(name));
}

}  // namespace warmup
