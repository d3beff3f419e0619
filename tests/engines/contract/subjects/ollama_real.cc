#include <csignal>
#include <memory>

#include "tests/engines/contract/runner.h"
#include "tests/engines/contract/subjects/ollama_subject.h"
#include "tests/support/catch.h"
#include "tests/support/real_ollama.h"
#include "tests/support/streamed_request.h"

namespace warmup::contract {
namespace {

// Loads and requests last because their runner, a process of its own for each
// model, is stopped meanwhile.
class OllamaReal final : public OllamaSubject {
 public:
  OllamaReal()
      : OllamaReal(
            std::make_unique<RealOllama>(WARMUP_OLLAMA, WARMUP_TINY_MODELS)) {}
  ~OllamaReal() override { Disconnect(); }

  bool IsLoaded(const std::string& model) override {
    if (Runner(model).empty()) return false;
    const auto answer = user().Get("/api/ps", {.timeout = kPatience});
    return answer.ok() &&
           answer->body.find("\"" + model + "\"") != std::string::npos;
  }
  int64_t MemoryBytes() override { return ollama_->process().ResidentBytes(); }

  absl::Status BeginUse(const std::string& model) override {
    stream_ = std::make_unique<StreamedRequest>(
        ollama_->endpoint(), "/api/generate",
        R"({"model":")" + model +
            R"(","prompt":"a","options":)"
            R"({"num_predict":48,"temperature":0}})");
    if (!stream_->AwaitBegun()) return absl::UnavailableError("no answer");
    StopRunner(model);
    return stream_->has_ended() ? absl::AbortedError("it has ended already")
                                : absl::OkStatus();
  }
  absl::Status EndUse(const std::string& model) override {
    for (const auto& runner : Runner(model)) kill(runner.pid, SIGCONT);
    if (!stream_->AwaitEnd()) return absl::AbortedError("it was cut");
    return stream_->body().find("\"done\":true") != std::string::npos
               ? absl::OkStatus()
               : absl::AbortedError(stream_->body());
  }

  void HoldLoads(bool are_held) override {
    if (!are_held) ollama_->process().Continue();
  }
  void AwaitLoading(const std::string& model) override {
    REQUIRE(Eventually([&] { return !Runner(model).empty(); }));
    StopRunner(model);
    REQUIRE_FALSE(IsLoaded(model));
  }
  void LimitToOneModel() override {
    ollama_->Kill();
    ollama_->process().Start({{"OLLAMA_MAX_LOADED_MODELS", "1"}});
  }
  void Kill() override { ollama_->Kill(); }
  void Start() override { ollama_->Start(); }
  void KillWorker(const std::string& model) override {
    REQUIRE_FALSE(Runner(model).empty());
    REQUIRE(Eventually([&] {
      const auto runner = Runner(model);
      if (!runner.empty()) kill(runner[0].pid, SIGKILL);
      return runner.empty();
    }));
  }
  void Hang() override { ollama_->process().Stop(); }
  void Resume() override { ollama_->process().Continue(); }

 private:
  explicit OllamaReal(std::unique_ptr<RealOllama> ollama)
      : OllamaSubject(
            {.name = "ollama (real)",
             .models = {"tiny:latest", "other:latest"},
             .broken = "broken:latest",
             .cannot = {{Ability::kFaults, "a real server answers rightly"}},
             .manners = kManners},
            ollama->endpoint()),
        ollama_(std::move(ollama)) {
    ollama_->Import("tiny");
    ollama_->ImportCopy("tiny", "other");
    ollama_->ImportDamaged("tiny", "broken");
  }

  // "tiny:latest" was imported as "tiny".
  std::string RunnerOf(const std::string& model) const {
    return ollama_->RunnerOf(model.substr(0, model.find(':')));
  }
  std::vector<ServerProcess::Process> Runner(const std::string& model) const {
    return ollama_->process().Children(RunnerOf(model));
  }
  void StopRunner(const std::string& model) {
    Eventually([&] {
      const auto runner = Runner(model);
      if (!runner.empty()) kill(runner[0].pid, SIGSTOP);
      return runner.empty() || runner[0].is_stopped;
    });
  }

  const std::unique_ptr<RealOllama> ollama_;
  std::unique_ptr<StreamedRequest> stream_;
};

TEST_CASE("Contract: a real Ollama", "[.ollama]") {
  Run([] { return std::make_unique<OllamaReal>(); }, OllamaScenarios());
}

}  // namespace
}  // namespace warmup::contract
