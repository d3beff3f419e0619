#include <fstream>
#include <memory>

#include "tests/engines/contract/runner.h"
#include "tests/engines/contract/subjects/llama_server_subject.h"
#include "tests/support/catch.h"
#include "tests/support/fake_llama_server.h"
#include "tests/support/temp_folder.h"

namespace warmup::contract {
namespace {

class LlamaServerFake final : public LlamaServerSubject {
 public:
  LlamaServerFake() : LlamaServerFake(std::make_unique<FakeLlamaServer>()) {}
  ~LlamaServerFake() override {
    fake_->HoldLoads(false);
    EndEngine();
  }

  bool IsLoaded(const std::string& model) override {
    return is_up_ && fake_->IsLoaded(model);
  }
  absl::Status Use(const std::string& model) override {
    fake_->Use(model);
    return absl::OkStatus();
  }
  absl::Status BeginUse(const std::string& model) override {
    fake_->BeginStream(model);
    return absl::OkStatus();
  }
  absl::Status EndUse(const std::string& model) override {
    if (!IsLoaded(model)) return absl::AbortedError("it was cut");
    fake_->EndStream(model);
    return absl::OkStatus();
  }
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
    fake_->KillChild(model);
  }
  void Hang() override { fake_->Hang(FakeLlamaServer::kEveryPath); }
  void Resume() override { fake_->Heal(); }
  void Fail(Fault fault) override {
    static constexpr const char* kEvery = FakeLlamaServer::kEveryPath;
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
  void Heal() override { fake_->Heal(); }

 private:
  bool IsLoading(const std::string& model) override {
    return fake_->StatusOf(model) == "loading";
  }
  explicit LlamaServerFake(std::unique_ptr<FakeLlamaServer> fake)
      : LlamaServerSubject(
            {.name = "llama-server (fake)",
             .models = {"tiny", "small"},
             .broken = "broken",
             .cannot = {{Ability::kExpires, "it unloads nothing by itself"},
                        {Ability::kMemory, "a fake has no models in memory"}},
             .manners = kManners},
            fake->endpoint()),
        fake_(std::move(fake)) {
    for (const std::string& model : description().models) {
      fake_->AddNamed(model);
    }
    const std::string path = folder_.File("broken.gguf");
    std::ofstream(path) << "GGUF";
    fake_->Add({.name = description().broken, .path = path});
    fake_->BreakLoads(description().broken);
  }

  const TempFolder folder_;
  const std::unique_ptr<FakeLlamaServer> fake_;
  bool is_up_ = true;
};

TEST_CASE("Contract: llama-server, as a fake") {
  Run([] { return std::make_unique<LlamaServerFake>(); });
}

}  // namespace
}  // namespace warmup::contract
