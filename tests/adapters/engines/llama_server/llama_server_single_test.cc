// A server of one model, which is loaded as long as the server runs.

#include <string>

#include "tests/adapters/engines/llama_server/llama_server_fixture.h"
#include "tests/support/eventually.h"

namespace warmup {

TEST_CASE("LlamaServerEngine: one model, which cannot be loaded or unloaded") {
  Single single;
  const auto specs = single.on.engine.Discover();
  INFO(specs.status().ToString());
  REQUIRE(specs.ok());
  REQUIRE(specs->size() == 1);
  CHECK(specs->at(0).id == "m");
  CHECK(specs->at(0).size_bytes == FakeLlamaServer::kWeightBytes);
  const EngineInfo info = single.on.engine.info();
  CHECK(info.version == "b11434-unknown");
  CHECK_FALSE(info.abilities.can_load);
  CHECK_FALSE(info.abilities.can_unload);
  CHECK(info.abilities.shows_use);
  CHECK(single.on.IsReady("m"));
  CHECK(single.on.LoadOk("m").read_bytes == 0);
  const absl::Status unload = single.on.Unload("m");
  CHECK(absl::IsFailedPrecondition(unload));
  CHECK(ReasonOf(unload) == "ENGINE_CANNOT_UNLOAD");
  CHECK(single.fake.CallCount("/models/load") == 0);
  CHECK(single.fake.CallCount("/models/unload") == 0);
  CHECK(absl::IsNotFound(single.on.Load("other").status()));
  CHECK(single.on.Unload("other").ok());
}

TEST_CASE("LlamaServerEngine: a server that is still loading its model") {
  Single single;
  single.fake.SetLoading(true);
  const Sighting loading = single.on.LookAt("m");
  CHECK(loading.is_loading);
  CHECK(loading.residency.tier == Tier::kCold);
  CHECK(ReasonOf(single.on.engine.Discover().status()) == "ENGINE_BUSY");
  BackgroundLoad load(single.on.engine, SpecOf("m"));
  BackgroundLoad other(single.on.engine, SpecOf("other"));
  BackgroundLoad cancelled(single.on.engine, SpecOf("m"));
  cancelled.Cancel();
  CHECK(absl::IsCancelled(cancelled.Result().status()));
  const int looks = single.fake.CallCount("/models");
  REQUIRE(
      Eventually([&] { return single.fake.CallCount("/models") > looks + 3; }));
  CHECK_FALSE(load.has_ended());
  single.fake.SetLoading(false);
  CHECK(load.Result().ok());
  CHECK(absl::IsNotFound(other.Result().status()));
  CHECK(single.on.IsReady("m"));
  CHECK(single.on.engine.info().version == "b11434-unknown");
}

TEST_CASE("LlamaServerEngine: a server whose model sleeps is woken by a load") {
  Single single;
  single.fake.Sleep("m");
  CHECK_FALSE(single.on.IsReady("m"));
  CHECK(single.on.Unload("m").ok());
  CHECK(single.fake.StatusOf("m") == "sleeping");
  CHECK(single.on.LoadOk("m").residency.tier == Tier::kReady);
  CHECK(single.fake.StatusOf("m") == "loaded");
  CHECK(single.fake.WakeCount() == 0);
}

TEST_CASE("LlamaServerEngine: uses of the one model, by metrics alone") {
  Single single;
  single.on.LookAt("m");
  single.fake.Use("m");
  CHECK(single.on.LookAt("m").uses == 1);
  single.fake.BeginStream("m");
  CHECK(single.on.LookAt("m").is_busy);
  single.fake.DropMetrics();
  CHECK(single.on.IsReady("m"));
  CHECK_FALSE(single.on.engine.info().abilities.shows_use);
  // It might sleep when it is idle, which does not show.
  CHECK(single.fake.CallCount("/slots") == 0);
}

TEST_CASE("LlamaServerEngine: the role is what the server has now") {
  Router router;
  router.on.LookAt("a");
  CHECK(router.on.engine.info().abilities.can_load);
  // Started anew with one model, unnoticed.
  router.fake.Answer("/models", 200,
                     R"({"data":[{"id":"m","aliases":["m"]}]})");
  router.fake.Answer("/props", 200,
                     R"({"build_info":"b2","model_path":"m.gguf"})");
  router.fake.Answer("/metrics", 501, "{}");
  CHECK_FALSE(router.on.IsReady("a"));
  CHECK(router.on.IsReady("m"));
  CHECK_FALSE(router.on.engine.info().abilities.can_load);
  CHECK(router.on.engine.info().version == "b2");
}

}  // namespace warmup
