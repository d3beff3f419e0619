// A vLLM whose wakes are given up, fail, lie or hang.

#include <string>
#include <tuple>

#include "tests/adapters/engines/vllm/vllm_fixture.h"
#include "tests/support/eventually.h"

namespace warmup {

TEST_CASE("VllmEngine: a cancelled wake ends asleep, at the level it was") {
  const bool has_room = GENERATE(true, false);
  CAPTURE(has_room);
  Vllm vllm;
  if (!has_room) vllm.host_free_bytes = 0;
  vllm.UnloadOk();
  vllm.fake.HoldLoads(true);
  BackgroundLoad load(vllm.engine, Vllm::Spec());
  vllm.fake.AwaitLoading("m");
  load.Cancel();
  vllm.NewCalls();
  SECTION("if nobody uses it") {
    vllm.fake.HoldLoads(false);
    CHECK(absl::IsCancelled(load.Result().status()));
    CHECK_FALSE(vllm.fake.IsAwake());
    const Calls calls = vllm.NewCalls();
    CHECK(calls.back() == (has_room ? "/sleep?level=1" : "/sleep?level=2"));
    vllm.LoadOk();
  }
  SECTION("else it is theirs") {
    vllm.fake.BeginUse();
    vllm.fake.HoldLoads(false);
    CHECK(absl::IsCancelled(load.Result().status()));
    CHECK(vllm.fake.IsAwake());
    CHECK(vllm.fake.HasRightWeights());
    CHECK(vllm.fake.aborted() == 0);
  }
}

TEST_CASE("VllmEngine: a step that was cancelled unheard is not left out") {
  Vllm vllm;
  vllm.host_free_bytes = 0;
  vllm.UnloadOk();
  vllm.fake.Hang("/collective_rpc");
  BackgroundLoad load(vllm.engine, Vllm::Spec());
  REQUIRE(
      Eventually([&] { return vllm.fake.CallCount("/collective_rpc") == 1; }));
  vllm.fake.BeginUse();
  vllm.fake.FakeHttp::Heal();
  load.Cancel();
  CHECK(absl::IsCancelled(load.Result().status()));
  // Awake without its weights it would answer nonsense.
  CHECK(vllm.fake.IsAwake());
  CHECK(vllm.fake.HasRightWeights());
}

TEST_CASE("VllmEngine: a wake that fails says what is the matter") {
  using enum absl::StatusCode;
  const auto [status, body, code, reason] =
      GENERATE(table<int, std::string, absl::StatusCode, std::string>({
          {500, R"({"error":{"message":"CUDA out of memory"}})",
           kResourceExhausted, "MEMORY_SHORT"},
          {500, "Internal Server Error", kUnavailable, "ENGINE_FAILED"},
          {503, "", kUnavailable, "ENGINE_BUSY"},
          {401, "{}", kUnavailable, "ENGINE_REFUSES"},
      }));
  const std::string path =
      GENERATE(as<std::string>{}, "/wake_up", "/collective_rpc");
  CAPTURE(status, body, path);
  Vllm vllm;
  vllm.host_free_bytes = 0;
  vllm.UnloadOk();
  vllm.fake.Answer(path, status, body);
  const absl::Status error = vllm.Load().status();
  CheckNamed(error, vllm.fake);
  CHECK(error.code() == code);
  CHECK(ReasonOf(error) == reason);
  CHECK_FALSE(vllm.fake.IsAwake());
  CHECK(vllm.fake.Changes().back() == "/sleep?level=2");
  vllm.fake.Heal();
  vllm.LoadOk();
}

TEST_CASE("VllmEngine: a success without a wake or a sleep is an error") {
  Vllm vllm;
  SECTION("a wake") {
    vllm.UnloadOk();
    vllm.fake.LieAboutLoads(true);
    const absl::Status status = vllm.Load().status();
    CHECK(absl::IsUnavailable(status));
    CHECK(ReasonOf(status) == "LOAD_NOT_CONFIRMED");
    CheckNamed(status, vllm.fake);
  }
  SECTION("a wake of an engine that is dead") {
    vllm.UnloadOk();
    vllm.fake.Answer("/health", 503, "");
    CHECK(ReasonOf(vllm.Load().status()) == "ENGINE_FAILED");
  }
  SECTION("a sleep") {
    vllm.fake.NeverSleep();
    const absl::Status status = vllm.engine.Unload(Vllm::Spec());
    CHECK(absl::IsFailedPrecondition(status));
    CHECK(ReasonOf(status) == "MEMORY_IN_USE");
    CheckNamed(status, vllm.fake);
    CHECK(vllm.TierSeen() == Tier::kReady);
  }
}

TEST_CASE("VllmEngine: a dead engine is told by its health") {
  Vllm vllm;
  vllm.fake.Answer("/health", 503, "");
  const absl::Status status = vllm.engine.Look({}).status();
  CHECK(absl::IsUnavailable(status));
  CHECK(ReasonOf(status) == "ENGINE_FAILED");
  CheckNamed(status, vllm.fake);
}

TEST_CASE("VllmEngine: one that is away is identified anew") {
  Vllm vllm;
  vllm.UnloadOk();
  CHECK(vllm.TierSeen() == Tier::kHost);
  vllm.fake.WithoutDevMode();
  CHECK(absl::IsUnavailable(vllm.engine.Look({}).status()));
  CHECK(vllm.Look().residency.tier == Tier::kReady);
  vllm.fake.Answer("/v1/models", 404, "");
  CHECK(absl::IsUnavailable(vllm.engine.Look({}).status()));
  CHECK(ReasonOf(vllm.engine.Look({}).status()) == "NOT_VLLM");
}

TEST_CASE("VllmEngine: a load that hangs ends when it is cancelled") {
  Vllm vllm;
  vllm.UnloadOk();
  const std::string path =
      GENERATE(as<std::string>{}, "/v1/models", "/is_sleeping", "/metrics");
  const int calls = vllm.fake.CallCount(path);
  vllm.fake.Hang(path);
  BackgroundLoad load(vllm.engine, Vllm::Spec());
  REQUIRE(Eventually([&] { return vllm.fake.CallCount(path) > calls; }));
  load.Cancel();
  CHECK(absl::IsCancelled(load.Result().status()));
}

}  // namespace warmup
