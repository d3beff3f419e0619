#include <memory>

#include "tests/engines/contract/runner.h"
#include "tests/engines/contract/subjects/kserve_subject.h"
#include "tests/support/catch.h"
#include "tests/support/fake_kserve.h"

namespace warmup::contract {
namespace {

class TritonFake final : public KserveSubject {
 public:
  TritonFake()
      : TritonFake(std::make_unique<FakeKserve>(FakeKserve::Kind::kTriton)) {}
  ~TritonFake() override {
    fake_->HoldLoads(false);
    fake_->HoldUses(false);
    EndRequest();
  }

  bool IsLoaded(const std::string& model) override {
    return is_up_ && fake_->IsServing(model);
  }

  void HoldLoads(bool are_held) override { fake_->HoldLoads(are_held); }
  void AwaitLoading(const std::string& model) override {
    fake_->AwaitLoading(model);
  }
  void Kill() override {
    is_up_ = false;
    fake_->Stop();
  }
  void Start() override {
    fake_->Start();
    is_up_ = true;
  }
  // And its users find out.
  void KillWorker(const std::string& model) override {
    LookAt(*this, model);
    fake_->KillWorker(model);
    for (int i = 0; i < kserve::kFailuresBelieved; ++i) {
      CHECK_FALSE(Use(model).ok());
    }
  }
  void Hang() override { fake_->Hang(true); }
  void Resume() override { fake_->Hang(false); }
  void Fail(Fault fault) override {
    switch (fault) {
      case Fault::kGarbage:
        return fake_->AnswerGarbage();
      case Fault::kWithoutEnd:
        return fake_->AnswerWithoutEnd();
      case Fault::kSlow:
        return fake_->AnswerAfter(kSlowness);
      case Fault::kLies:
        return fake_->LieAboutLoads();
      case Fault::kOtherServer:
        return fake_->Answer({grpc::StatusCode::UNIMPLEMENTED, ""});
    }
  }
  void Heal() override { fake_->Heal(); }

 private:
  explicit TritonFake(std::unique_ptr<FakeKserve> fake)
      : KserveSubject(
            {.name = "triton (fake)",
             .models = {"a", "b"},
             .broken = "broken",
             .cannot = {{Ability::kMemory, "a fake has no models in memory"},
                        {Ability::kExpires, "it unloads nothing by itself"}},
             .manners = {.unload_stops_serving = true,
                         .cancelled_loads_come = true,
                         .shows_loading = true}},
            fake->endpoint(), Options()),
        fake_(std::move(fake)) {
    for (const char* model : {"a", "b", "broken"}) fake_->Add(model);
    fake_->FailLoad("broken",
                    {grpc::StatusCode::INVALID_ARGUMENT,
                     "load failed for model 'broken': version 1 is at "
                     "UNAVAILABLE state: Internal: RuntimeError: broken"});
  }

  void HoldUses(const std::string& /*model*/, bool are_held) override {
    fake_->HoldUses(are_held);
  }
  void AwaitUsing(const std::string& model) override {
    fake_->AwaitUsing(model);
  }

  const std::unique_ptr<FakeKserve> fake_;
  bool is_up_ = true;
};

TEST_CASE("Contract: Triton, as a fake") {
  Run([] { return std::make_unique<TritonFake>(); });
}

}  // namespace
}  // namespace warmup::contract
