#include "adapters/engines/vllm/vllm_engine.h"

#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "tests/adapters/engines/vllm/vllm_fixture.h"
#include "tests/support/eventually.h"

namespace warmup {

TEST_CASE("VllmEngine: knows a vLLM by what it answers") {
  FakeVllm fake;
  CHECK(*VllmEngine::Probe(*ClientOf(fake.endpoint())) == "0.11.0");
  fake.WithoutDevMode();
  fake.Answer("/version", 404, "");
  CHECK(*VllmEngine::Probe(*ClientOf(fake.endpoint())) == "");
}

TEST_CASE("VllmEngine: refuses what is no vLLM") {
  const auto [status, body] = GENERATE(table<int, std::string>({
      {404, "404 page not found"},
      {200, R"({"data":[{"id":"a","owned_by":"library"}]})"},
      {200, R"({"data":[{"id":"a","owned_by":"llamacpp"}]})"},
      {200, R"({"data":[{"id":"a","owned_by":"llama-swap"}]})"},
      {200, R"({"data":[{"id":"a","owned_by":"organization_owner"}]})"},
      {200, R"({"data":[{"id":"a","object":"model"}]})"},
      {200, R"({"data":[{"id":"a","owned_by":"vllm","root":"x"},
                        {"id":"b","owned_by":"vllm","root":"y"}]})"},
      {200, R"({"data":null})"},
      {200, "<html></html>"},
  }));
  CAPTURE(status, body);
  FakeVllm fake;
  fake.Answer("/v1/models", status, body);
  const absl::Status error =
      VllmEngine::Probe(*ClientOf(fake.endpoint())).status();
  CHECK(absl::IsFailedPrecondition(error));
  CHECK(ReasonOf(error) == "NOT_VLLM");
  CheckNamed(error, fake);
  VllmEngine engine(ClientOf(fake.endpoint()), {});
  CHECK(ReasonOf(engine.Discover().status()) == "NOT_VLLM");
  CHECK(ReasonOf(engine.Look({}).status()) == "NOT_VLLM");
  CHECK(ReasonOf(Load(engine, "m").status()) == "NOT_VLLM");
}

TEST_CASE("VllmEngine: a wrong token is told, and never shown") {
  FakeVllm fake;
  fake.RequireToken("right");
  const absl::Status status =
      VllmEngine::Probe(*ClientOf(fake.endpoint(), "wr0ng")).status();
  CHECK(absl::IsUnavailable(status));
  CHECK(ReasonOf(status) == "ENGINE_REFUSES");
  CHECK_THAT(std::string(status.message()),
             Catch::Contains("token") && !Catch::Contains("wr0ng"));
  VllmEngine engine(ClientOf(fake.endpoint(), "right"), {});
  CHECK(LooksReady(engine, "m"));
}

TEST_CASE("VllmEngine: offers its one model, by the first of its names") {
  Vllm vllm;
  vllm.fake.AddEntry({{"id", "m2"}, {"owned_by", "vllm"}, {"root", "org/m"}});
  vllm.fake.AddEntry(
      {{"id", "lora"}, {"owned_by", "vllm"}, {"root", "/l"}, {"parent", "m"}});
  const auto specs = vllm.engine.Discover();
  INFO(specs.status().ToString());
  REQUIRE(specs.ok());
  REQUIRE(specs->size() == 1);
  CHECK(specs->at(0).id == "m");
  CHECK(specs->at(0).engine == "e1");
  CHECK(specs->at(0).context_length == 32'768);
  REQUIRE(vllm.skipped.size() == 2);
  CHECK(vllm.skipped[0].first == "m2");
  CHECK(vllm.engine.Describe(SpecOf("m"))->context_length == 32'768);
  for (const char* other : {"m2", "lora", "x"}) {
    const absl::Status status = Load(vllm.engine, other).status();
    CHECK(absl::IsNotFound(status));
    CHECK(ReasonOf(status) == "MODEL_NOT_FOUND");
    CHECK(LookAt(vllm.engine, other).residency.tier == Tier::kCold);
    CHECK(vllm.engine.Unload(SpecOf(other)).ok());
  }
  CHECK(vllm.fake.IsAwake());
  const EngineInfo info = vllm.engine.info();
  CHECK(info.kind == "vllm");
  CHECK(info.version == "0.11.0");
  CHECK(info.abilities == EngineAbilities{.can_load = true,
                                          .can_unload = true,
                                          .has_tiers = true,
                                          .shows_use = true});
}

TEST_CASE("VllmEngine: without its sleep mode a vLLM is always loaded") {
  Vllm vllm;
  vllm.fake.WithoutDevMode();
  CHECK(vllm.TierSeen() == Tier::kReady);
  CHECK(vllm.engine.info().abilities == EngineAbilities{.shows_use = true});
  CHECK(vllm.Load()->start == LoadStart::kReady);
  const absl::Status status = vllm.engine.Unload(Vllm::Spec());
  CHECK(absl::IsFailedPrecondition(status));
  CHECK(ReasonOf(status) == "NO_SLEEP_MODE");
  CHECK_THAT(std::string(status.message()),
             Catch::Contains("VLLM_SERVER_DEV_MODE=1"));
  CheckNamed(status, vllm.fake);
  CHECK(vllm.NewCalls().empty());
}

TEST_CASE("VllmEngine: sleeps at level 1 where the host holds the weights") {
  Vllm vllm;
  CHECK(vllm.Load()->start == LoadStart::kReady);  // awake
  vllm.UnloadOk();
  CHECK(vllm.NewCalls() == Calls{"/sleep?level=1"});
  CHECK(vllm.Look().is_cached);
  const Residency asleep = vllm.Look().residency;
  CHECK(asleep.tier == Tier::kHost);
  CHECK(asleep.resident_bytes == 0);
  CHECK(asleep.total_bytes == kWeights);
  vllm.UnloadOk();
  CHECK(vllm.NewCalls().empty());
  const auto result = vllm.Load();
  REQUIRE(result.ok());
  CHECK(result->start == LoadStart::kWarm);
  CHECK(result->residency.resident_bytes == kWeights);
  CHECK(vllm.NewCalls() == Calls{"/wake_up"});
  CHECK(vllm.fake.HasRightWeights());
  CHECK(vllm.TierSeen() == Tier::kReady);
}

TEST_CASE("VllmEngine: sleeps at level 2 where the host has no room") {
  Vllm vllm;
  ModelSpec spec = Vllm::Spec();
  SECTION("measured") { vllm.host_free_bytes -= 1; }
  SECTION("for weights of which nobody knows the size") { spec.size_bytes = 0; }
  REQUIRE(vllm.engine.Unload(spec).ok());
  CHECK(vllm.NewCalls() == Calls{"/sleep?level=2"});
  CHECK(vllm.TierSeen() == Tier::kCold);
  const auto result = vllm.Load();
  REQUIRE(result.ok());
  CHECK(result->start == LoadStart::kUnknown);
  CHECK(vllm.NewCalls() == kDeepWake);
  CHECK(vllm.fake.Bodies("/collective_rpc") ==
        std::vector<nlohmann::json>{{{"method", "reload_weights"}}});
  CHECK(vllm.fake.HasRightWeights());
}

TEST_CASE("VllmEngine: where nobody measures the host, there is room") {
  FakeVllm fake;
  VllmEngine engine(ClientOf(fake.endpoint()), {});
  UnloadOk(engine, "m");
  CHECK(fake.Changes() == Calls{"/sleep?level=1"});
}

TEST_CASE("VllmEngine: one that others put to sleep is woken from any level") {
  const int level = GENERATE(1, 2);
  const bool shows_levels = GENERATE(false, true);
  CAPTURE(level, shows_levels);
  Vllm vllm;
  if (shows_levels) vllm.fake.ShowLevels();
  SECTION("asleep from the beginning") { vllm.fake.SleepByHand(level); }
  SECTION("asleep at another level than we put it") {
    if (level == 1) vllm.host_free_bytes = 0;
    vllm.UnloadOk();
    vllm.fake.WakeByHand();
    CHECK(vllm.TierSeen() == Tier::kReady);
    vllm.fake.SleepByHand(level);
    CHECK(vllm.Look().was_unloaded);
    CHECK_FALSE(vllm.Look().was_unloaded);  // once
  }
  vllm.NewCalls();
  const bool is_known = shows_levels && level == 1;
  CHECK(vllm.TierSeen() == (is_known ? Tier::kHost : Tier::kCold));
  vllm.LoadOk();
  CHECK(vllm.NewCalls() == (is_known ? Calls{"/wake_up"} : kDeepWake));
}

TEST_CASE("VllmEngine: never aborts a request in flight") {
  Vllm vllm;
  vllm.fake.BeginUse();
  CHECK(vllm.Look().is_busy);
  const absl::Status status = vllm.engine.Unload(Vllm::Spec());
  CHECK(absl::IsFailedPrecondition(status));
  CHECK(ReasonOf(status) == "MEMORY_IN_USE");
  CheckNamed(status, vllm.fake);
  CHECK(vllm.NewCalls().empty());
  vllm.fake.EndUse();
  CHECK_FALSE(vllm.Look().is_busy);
  vllm.UnloadOk();
  CHECK(vllm.fake.aborted() == 0);
}

TEST_CASE("VllmEngine: waits for a request to end before it sleeps") {
  FakeVllm fake;
  VllmEngine engine(ClientOf(fake.endpoint()), {});
  fake.BeginUse();
  std::thread user([&] {
    const int looks = fake.CallCount("/metrics");
    Eventually([&] { return fake.CallCount("/metrics") > looks + 2; });
    fake.EndUse();
  });
  UnloadOk(engine, "m");
  user.join();
  CHECK(fake.aborted() == 0);
  CHECK_FALSE(fake.IsAwake());
}

TEST_CASE("VllmEngine: one that hides its requests is not put to sleep") {
  Vllm vllm;
  vllm.fake.WithoutMetrics();
  CHECK(ReasonOf(vllm.engine.Unload(Vllm::Spec())) == "MEMORY_IN_USE");
  CHECK(vllm.NewCalls().empty());
  CHECK_FALSE(vllm.engine.info().abilities.shows_use);
}

TEST_CASE("VllmEngine: requests served are uses, each told once") {
  Vllm vllm;
  vllm.fake.Use();
  CHECK(vllm.Look().uses == 0);  // before we came
  vllm.fake.Use();
  vllm.fake.Use();
  vllm.fake.Use();
  REQUIRE(vllm.engine.Look({SpecOf("other")}).ok());
  CHECK(vllm.Look().uses == 3);
  CHECK(vllm.Look().uses == 0);
  vllm.UnloadOk();
  vllm.LoadOk();
  CHECK(vllm.Look().uses == 0);  // our own calls
  vllm.fake.Restart();
  vllm.fake.Use();
  CHECK(vllm.Look().uses == 1);
}

TEST_CASE("VllmEngine: a look while it wakes asks nothing that waits") {
  Vllm vllm;
  vllm.UnloadOk();
  vllm.fake.HoldLoads(true);
  BackgroundLoad load(vllm.engine, Vllm::Spec());
  vllm.fake.AwaitLoading("m");
  const Sighting sighting = vllm.Look();
  CHECK(sighting.is_loading);
  CHECK(sighting.residency.tier == Tier::kCold);
  vllm.fake.HoldLoads(false);
  CHECK(load.Result().ok());
  const Sighting after = vllm.Look();
  CHECK_FALSE(after.is_loading);
  CHECK(after.residency.tier == Tier::kReady);
}

TEST_CASE("VllmEngine: a wake by somebody else shows as a load") {
  Vllm vllm;
  vllm.UnloadOk();
  CHECK_FALSE(vllm.Look().is_loading);
  vllm.fake.Hang("/is_sleeping");
  const Sighting sighting = vllm.Look();
  CHECK(sighting.is_loading);
  CHECK(sighting.residency.tier == Tier::kCold);
  vllm.fake.FakeHttp::Heal();
  vllm.fake.WakeByHand();
  CHECK(vllm.TierSeen() == Tier::kReady);
  // One that is awake has no reason to be silent.
  vllm.fake.Hang("/is_sleeping");
  CHECK(absl::IsDeadlineExceeded(vllm.engine.Look({Vllm::Spec()}).status()));
}

}  // namespace warmup
