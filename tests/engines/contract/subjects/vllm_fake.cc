#include <memory>

#include "adapters/engines/vllm/vllm_engine.h"
#include "tests/engines/contract/runner.h"
#include "tests/engines/contract/subjects/fake_subject.h"
#include "tests/support/catch.h"
#include "tests/support/fake_vllm.h"

namespace warmup::contract {
namespace {

// It has one model, and is found asleep.
class VllmFake final : public FakeSubject<VllmEngine, FakeVllm> {
 public:
  explicit VllmFake(int level)
      : FakeSubject(
            {.name = "vllm (fake)",
             .models = {"m"},
             .cannot = {{Ability::kBrokenModel, "vLLM does not start with one"},
                        {Ability::kTwoModels, "vLLM has one model"},
                        {Ability::kExpires, "a load by hand stays"},
                        {Ability::kMemory, "a fake has no models in memory"},
                        {Ability::kRestart, "a vLLM that starts is awake"},
                        {Ability::kKillWorker, "vLLM ends with its worker"}},
             // A wake is ended before the server goes back to sleep.
             .manners = {.shows_loading = true,
                         .cancel_time = absl::Seconds(15)}},
            std::make_unique<FakeVllm>(), "vllm-1",
            {.host_free_bytes = [level] { return level == 1 ? kRoom : 0; },
             .unload_timeout = absl::Seconds(1)}) {
    fake().SleepByHand(level);
  }

  ModelSpec Spec(const std::string& model) override {
    ModelSpec spec = Subject::Spec(model);
    spec.size_bytes = 1;
    return spec;
  }
  bool IsLoaded(const std::string& model) override {
    return model == "m" && fake().IsAwake() && fake().HasRightWeights();
  }
  absl::Status Use(const std::string& /*model*/) override {
    fake().Use();
    return absl::OkStatus();
  }
  absl::Status BeginUse(const std::string& /*model*/) override {
    fake().BeginUse();
    return absl::OkStatus();
  }
  absl::Status EndUse(const std::string& /*model*/) override {
    fake().EndUse();
    return fake().aborted() == 0 ? absl::OkStatus()
                                 : absl::AbortedError("it was cut");
  }
  absl::Status LoadByHand(const std::string& /*model*/) override {
    for (const char* step : {"/wake_up?tags=weights", "/collective_rpc",
                             "/wake_up?tags=kv_cache"}) {
      const absl::Status status = Post(step, R"({"method":"reload_weights"})");
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }
  absl::Status UnloadByHand(const std::string& /*model*/) override {
    return Post("/sleep?level=1", "{}");
  }

 private:
  static constexpr int64_t kRoom = int64_t{1} << 40;
};

TEST_CASE("Contract: vLLM, as a fake that sleeps at level 1") {
  Run([] { return std::make_unique<VllmFake>(1); });
}

TEST_CASE("Contract: vLLM, as a fake that sleeps at level 2") {
  Run([] { return std::make_unique<VllmFake>(2); });
}

}  // namespace
}  // namespace warmup::contract
