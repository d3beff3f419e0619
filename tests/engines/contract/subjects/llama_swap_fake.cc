#include <memory>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "adapters/engines/http/json_answer.h"
#include "adapters/engines/llama_swap/llama_swap_engine.h"
#include "tests/engines/contract/runner.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/fake_llama_swap.h"

namespace warmup::contract {
namespace {

constexpr char kBroken[] = "broken";

// There is no real one: llama-swap is in no registry that builds from source.
class LlamaSwapFake final : public Subject {
 public:
  LlamaSwapFake()
      : Subject(
            {.name = "llama-swap (fake)",
             .models = {"org/tiny:q4", "small"},
             .broken = kBroken,
             .cannot = {{Ability::kMemory, "a fake has no models in memory"}},
             .manners = {.unload_aborts_loads = true, .shows_loading = true}}) {
    for (const std::string& model : description().models) {
      fake_.AddNamed(model);
    }
    fake_.AddNamed(kBroken);
    fake_.FailLoad(kBroken, "upstream command exited prematurely");
    user_ = ClientOf("user");
    engine_ = std::make_unique<LlamaSwapEngine>(
        ClientOf("llama-swap"),
        LlamaSwapEngine::Options{.unload_timeout = absl::Seconds(2)});
  }
  ~LlamaSwapFake() override {
    fake_.HoldLoads(false);
    engine_ = nullptr;  // they close their connections
    user_ = nullptr;
  }

  Engine& engine() override { return *engine_; }
  bool IsLoaded(const std::string& model) override {
    return is_up_ && fake_.IsLoaded(model);
  }

  absl::Status Use(const std::string& model) override {
    const absl::Status status = BeginUse(model);
    return status.ok() ? EndUse(model) : status;
  }
  absl::Status BeginUse(const std::string& model) override {
    fake_.BeginRequest(model);
    return Eventually([&] { return fake_.IsLoaded(model); })
               ? absl::OkStatus()
               : absl::AbortedError("it did not come");
  }
  absl::Status EndUse(const std::string& model) override {
    return fake_.EndRequest(model) ? absl::OkStatus()
                                   : absl::AbortedError("it was cut");
  }
  absl::Status LoadByHand(const std::string& model) override {
    return Checked(
        user_->Get("/upstream/" + json_answer::Escape(model) + "/", kPatient));
  }
  absl::Status LoadForASecond(const std::string& model) override {
    fake_.SetTtl(model, absl::Seconds(1));
    return LoadByHand(model);
  }
  // It is told as by hand when nothing has started in its place for so long.
  absl::Status UnloadByHand(const std::string& model) override {
    const absl::Status status = Checked(user_->Post(
        "/api/models/unload/" + json_answer::Escape(model), "", kPatient));
    const absl::Time told = absl::Now() + llama_swap::kSwapTime;
    Eventually([&] { return absl::Now() > told + absl::Milliseconds(100); });
    return status;
  }

  void HoldLoads(bool are_held) override { fake_.HoldLoads(are_held); }
  void AwaitLoading(const std::string& model) override {
    fake_.AwaitState(model, "starting");
  }
  void Kill() override {
    is_up_ = false;
    fake_.Stop();
    fake_.ForgetAll();
  }
  void Start() override {
    fake_.StartAgain();
    is_up_ = true;
  }
  void KillWorker(const std::string& model) override {
    fake_.KillWorker(model);
  }
  void Hang() override { fake_.Hang(FakeHttp::kEveryPath); }
  void Resume() override { fake_.Heal(); }
  void Fail(Fault fault) override {
    switch (fault) {
      case Fault::kGarbage:
        return fake_.Answer(FakeHttp::kEveryPath, 200, "\xff\xfe{");
      case Fault::kWithoutEnd:
        return fake_.AnswerWithoutEnd(FakeHttp::kEveryPath);
      case Fault::kSlow:
        return fake_.AnswerAfter(kSlowness);
      case Fault::kLies:
        return fake_.LieAboutLoads();
      case Fault::kOtherServer:
        return fake_.Answer(FakeHttp::kEveryPath, 404, "404 page not found");
    }
  }
  void Heal() override { fake_.Heal(); }

 private:
  static inline const HttpCall kPatient = {.timeout = kPatience};

  std::unique_ptr<HttpClient> ClientOf(const std::string& id) const {
    return *HttpClient::Create(
        {.engine = id, .endpoint = fake_.endpoint(), .bearer_token = {}});
  }
  static absl::Status Checked(const absl::StatusOr<HttpResponse>& answer) {
    if (!answer.ok()) return answer.status();
    return answer->status == 200 ? absl::OkStatus()
                                 : absl::UnknownError(answer->body);
  }

  FakeLlamaSwap fake_;
  bool is_up_ = true;
  std::unique_ptr<HttpClient> user_;
  std::unique_ptr<LlamaSwapEngine> engine_;
};

TEST_CASE("Contract: llama-swap, as a fake") {
  Run([] { return std::make_unique<LlamaSwapFake>(); });
}

}  // namespace
}  // namespace warmup::contract
