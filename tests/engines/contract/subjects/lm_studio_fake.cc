#include <memory>

#include "adapters/engines/lm_studio/lm_studio_engine.h"
#include "tests/engines/contract/runner.h"
#include "tests/engines/contract/subjects/fake_subject.h"
#include "tests/support/catch.h"
#include "tests/support/fake_lm_studio.h"

namespace warmup::contract {
namespace {

class LmStudioFake final : public FakeSubject<LmStudioEngine, FakeLmStudio> {
 public:
  LmStudioFake()
      : FakeSubject(
            {.name = "lm-studio (fake)",
             .models = {"pub/tiny", "small"},
             .broken = "broken",
             .cannot = {{Ability::kUse, "LM Studio shows no requests"},
                        {Ability::kStream, "LM Studio shows no requests"},
                        {Ability::kExpires, "a load by hand stays"},
                        {Ability::kMemory, "a fake has no models in memory"},
                        {Ability::kKillWorker, "LM Studio shows none"}},
             .manners = {}},
            std::make_unique<FakeLmStudio>(), "studio", {}) {
    for (const std::string& model : description().models) fake().Add(model);
    fake().Add(description().broken);
    fake().FailLoad(description().broken, 500,
                    R"({"error":{"message":"Failed to load model"}})");
  }

  bool IsLoaded(const std::string& model) override {
    return is_up() && !fake().Instances(model).empty();
  }
  absl::Status LoadByHand(const std::string& model) override {
    return Post("/api/v1/models/load", R"({"model":")" + model + R"("})");
  }
  absl::Status UnloadByHand(const std::string& model) override {
    return Post("/api/v1/models/unload",
                R"({"instance_id":")" + model + R"("})");
  }
  void HoldLoads(bool are_held) override {
    FakeSubject::HoldLoads(are_held);
    if (are_held) return;
    // What a cancelled load brings in is given back when it has ended.
    Eventually([&] { return adapter().CountLeftLoads() == 0; });
  }
};

TEST_CASE("Contract: LM Studio, as a fake") {
  Run([] { return std::make_unique<LmStudioFake>(); });
}

}  // namespace
}  // namespace warmup::contract
