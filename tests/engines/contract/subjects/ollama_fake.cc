#include <memory>

#include "tests/engines/contract/runner.h"
#include "tests/engines/contract/subjects/ollama_subject.h"
#include "tests/support/catch.h"
#include "tests/support/fake_ollama.h"

namespace warmup::contract {
namespace {

class OllamaFake final : public OllamaSubject {
 public:
  OllamaFake() : OllamaFake(std::make_unique<FakeOllama>()) {}
  ~OllamaFake() override {
    fake_->HoldLoads(false);
    Disconnect();
  }

  bool IsLoaded(const std::string& model) override {
    return is_up_ && fake_->IsLoaded(model);
  }
  absl::Status BeginUse(const std::string& model) override {
    fake_->BeginStream(model, absl::Minutes(5));
    return absl::OkStatus();
  }
  absl::Status EndUse(const std::string& model) override {
    if (!IsLoaded(model)) return absl::AbortedError("it was cut");
    fake_->EndStream(model);
    return absl::OkStatus();
  }

  absl::Status LoadForASecond(const std::string& model) override {
    fake_->LetModelsExpire();
    return OllamaSubject::LoadForASecond(model);
  }
  void LimitToOneModel() override { fake_->LimitModels(1); }

  void HoldLoads(bool are_held) override { fake_->HoldLoads(are_held); }
  void AwaitLoading(const std::string& model) override {
    fake_->AwaitLoading(model);
  }
  void Kill() override {
    is_up_ = false;
    fake_->Stop();
    fake_->Restart();
  }
  void Start() override {
    fake_->StartAgain();
    is_up_ = true;
  }
  void KillWorker(const std::string& model) override {
    fake_->KillRunner(model);
  }
  void Hang() override { fake_->Hang(FakeOllama::kEveryPath); }
  void Resume() override { fake_->FakeHttp::Heal(); }
  void Fail(Fault fault) override {
    static constexpr const char* kEvery = FakeOllama::kEveryPath;
    switch (fault) {
      case Fault::kGarbage:
        return fake_->Answer(kEvery, 200, "\xff\xfe{");
      case Fault::kWithoutEnd:
        return fake_->AnswerWithoutEnd(kEvery);
      case Fault::kSlow:
        return fake_->AnswerAfter(kSlowness);
      case Fault::kLies:
        return fake_->LieAboutLoads();
      case Fault::kOtherServer:
        return fake_->Answer(kEvery, 404, "404 page not found");
    }
  }
  void Heal() override { fake_->FakeHttp::Heal(); }

 private:
  explicit OllamaFake(std::unique_ptr<FakeOllama> fake)
      : OllamaSubject(
            {.name = "ollama (fake)",
             .models = {"tiny:latest", "other:latest"},
             .broken = "broken:latest",
             .cannot = {{Ability::kMemory, "a fake has no models in memory"}},
             .manners = kManners},
            fake->endpoint()),
        fake_(std::move(fake)) {
    for (const std::string& model : description().models) {
      fake_->AddNamed(model);
    }
    fake_->AddNamed(description().broken);
    fake_->FailLoad(description().broken, 500,
                    R"({"error":"tensor \"token_embd.weight\" offset+size)"
                    R"( exceeds file size"})");
  }

  const std::unique_ptr<FakeOllama> fake_;
  bool is_up_ = true;
};

TEST_CASE("Contract: Ollama, as a fake") {
  Run([] { return std::make_unique<OllamaFake>(); }, OllamaScenarios());
}

}  // namespace
}  // namespace warmup::contract
