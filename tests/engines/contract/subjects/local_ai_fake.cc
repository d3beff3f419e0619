#include <memory>

#include "adapters/engines/local_ai/local_ai_engine.h"
#include "tests/engines/contract/runner.h"
#include "tests/engines/contract/subjects/fake_subject.h"
#include "tests/support/catch.h"
#include "tests/support/fake_local_ai.h"

namespace warmup::contract {
namespace {

class LocalAiFake final : public FakeSubject<LocalAiEngine, FakeLocalAi> {
 public:
  LocalAiFake()
      : FakeSubject(
            {.name = "local-ai (fake)",
             .models = {"tiny", "small"},
             .broken = "broken",
             .cannot = {{Ability::kUse, "LocalAI shows no requests"},
                        {Ability::kExpires, "a load by hand stays"},
                        {Ability::kMemory, "a fake has no models in memory"},
                        {Ability::kKillWorker, "LocalAI shows none"}},
             .manners = {.shows_unloads_by_hand = false}},
            std::make_unique<FakeLocalAi>(), "local",
            {.unload_timeout = absl::Seconds(1)}) {
    for (const std::string& model : description().models) fake().Add(model);
    fake().Add(description().broken);
    fake().FailLoad(description().broken, 500,
                    R"({"message":"failed to load model: eof"})");
    fake().NeverCoolDown();
  }

  bool IsLoaded(const std::string& model) override {
    return is_up() && fake().IsLoaded(model);
  }
  absl::Status BeginUse(const std::string& model) override {
    fake().BeginUse(model);
    return absl::OkStatus();
  }
  absl::Status EndUse(const std::string& model) override {
    if (!IsLoaded(model)) return absl::AbortedError("it was cut");
    fake().EndUse(model);
    return absl::OkStatus();
  }
  absl::Status LoadByHand(const std::string& model) override {
    return Post("/backend/load", R"({"model":")" + model + R"("})");
  }
  absl::Status UnloadByHand(const std::string& model) override {
    return Post("/backend/shutdown", R"({"model":")" + model + R"("})");
  }
  void HoldLoads(bool are_held) override {
    FakeSubject::HoldLoads(are_held);
    if (are_held) return;
    // What a cancelled load brings in is given back when it has ended.
    Eventually([&] { return adapter().CountLeftLoads() == 0; });
  }
};

TEST_CASE("Contract: LocalAI, as a fake") {
  Run([] { return std::make_unique<LocalAiFake>(); });
}

}  // namespace
}  // namespace warmup::contract
