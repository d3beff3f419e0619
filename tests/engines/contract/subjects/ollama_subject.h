#ifndef WARMUP_TESTS_ENGINES_CONTRACT_SUBJECTS_OLLAMA_SUBJECT_H_
#define WARMUP_TESTS_ENGINES_CONTRACT_SUBJECTS_OLLAMA_SUBJECT_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "adapters/engines/ollama/ollama_engine.h"
#include "tests/engines/contract/scenarios.h"
#include "tests/engines/contract/subject.h"
#include "tests/support/eventually.h"

namespace warmup::contract {

// What the fake Ollama and the real one have in common: the adapter, and users
// who speak HTTP.
class OllamaSubject : public Subject {
 public:
  Engine& engine() override { return *engine_; }

  absl::Status Use(const std::string& model) override {
    return Post(
        R"({"model":")" + model +
        R"(","prompt":"a","stream":false,"options":{"num_predict":1}})");
  }
  absl::Status LoadByHand(const std::string& model) override {
    return Post(R"({"model":")" + model + R"("})");
  }
  absl::Status LoadForASecond(const std::string& model) override {
    return Post(R"({"model":")" + model + R"(","keep_alive":"1s"})");
  }
  absl::Status UnloadByHand(const std::string& model) override {
    return Post(R"({"model":")" + model + R"(","keep_alive":0})");
  }

  // With a context length that is not the usual one.
  absl::Status LoadWithContext(const std::string& model, int length) {
    return Post(R"({"model":")" + model + R"(","options":{"num_ctx":)" +
                std::to_string(length) + "}}");
  }
  // What Ollama shows of that; 0: the model is not there.
  int ShownContext(const std::string& model);
  // No more than one model can be loaded from now on; none is.
  virtual void LimitToOneModel() = 0;

 protected:
  OllamaSubject(Description description, const std::string& endpoint)
      : Subject(std::move(description)),
        user_(ClientOf("user", endpoint)),
        engine_(std::make_unique<OllamaEngine>(
            ClientOf("ollama", endpoint),
            OllamaEngine::Options{.unload_timeout = absl::Seconds(2)})) {}

  // It does not show that it is loading. A runner that was killed shows for as
  // long as it would have stayed; killed before it listens, it is waited for.
  static constexpr Manners kManners = {.shows_dead_workers = false,
                                       .killed_loads_hang = true};

  // Before the server goes: a fake waits for connections to close.
  void Disconnect() {
    engine_ = nullptr;
    user_ = nullptr;
  }
  HttpClient& user() { return *user_; }

 private:
  static std::unique_ptr<HttpClient> ClientOf(const std::string& id,
                                              const std::string& endpoint) {
    return *HttpClient::Create(
        {.engine = id, .endpoint = endpoint, .bearer_token = {}});
  }
  absl::Status Post(const std::string& json) {
    const auto answer =
        user_->Post("/api/generate", json, {.timeout = kPatience});
    if (!answer.ok()) return answer.status();
    return answer->status == 200 ? absl::OkStatus()
                                 : absl::UnknownError(answer->body);
  }

  std::unique_ptr<HttpClient> user_;
  std::unique_ptr<OllamaEngine> engine_;
};

// The traps that the facts name.
std::vector<Scenario> OllamaScenarios();

}  // namespace warmup::contract

#endif  // WARMUP_TESTS_ENGINES_CONTRACT_SUBJECTS_OLLAMA_SUBJECT_H_
