#ifndef WARMUP_TESTS_ENGINES_CONTRACT_SUBJECTS_LLAMA_SERVER_SUBJECT_H_
#define WARMUP_TESTS_ENGINES_CONTRACT_SUBJECTS_LLAMA_SERVER_SUBJECT_H_

#include <memory>
#include <string>
#include <utility>

#include "adapters/engines/llama_server/llama_server_engine.h"
#include "tests/engines/contract/subject.h"
#include "tests/support/eventually.h"

namespace warmup::contract {

// What the fake llama-server and the real one have in common: the adapter, and
// users who speak HTTP.
class LlamaServerSubject : public Subject {
 public:
  Engine& engine() override { return *engine_; }

  absl::Status LoadByHand(const std::string& model) override {
    const absl::Status asked = Post("/models/load", model);
    if (!asked.ok()) return asked;
    // Until it is loaded, or is not going to be.
    Eventually([&] {
      const auto models = user_->Get("/models", {.timeout = kPatience});
      return !models.ok() || !IsLoading(model);
    });
    return IsLoaded(model) ? absl::OkStatus()
                           : absl::UnavailableError("it was not loaded");
  }
  absl::Status UnloadByHand(const std::string& model) override {
    return Post("/models/unload", model);
  }

 protected:
  LlamaServerSubject(Description description, const std::string& endpoint)
      : Subject(std::move(description)),
        user_(ClientOf("user", endpoint)),
        engine_(std::make_unique<LlamaServerEngine>(
            ClientOf("llama-server", endpoint),
            LlamaServerEngine::Options{.unload_timeout = absl::Seconds(3)})) {}

  static constexpr Manners kManners = {.unload_aborts_loads = true,
                                       .shows_loading = true};

  virtual bool IsLoading(const std::string& model) = 0;
  // Before the server goes: it closes its connections.
  void EndEngine() { engine_ = nullptr; }

 private:
  static std::unique_ptr<HttpClient> ClientOf(const std::string& id,
                                              const std::string& endpoint) {
    return *HttpClient::Create(
        {.engine = id, .endpoint = endpoint, .bearer_token = {}});
  }
  absl::Status Post(const std::string& path, const std::string& model) {
    const auto answer = user_->Post(path, R"({"model":")" + model + R"("})",
                                    {.timeout = kPatience});
    if (!answer.ok()) return answer.status();
    return answer->status == 200 ? absl::OkStatus()
                                 : absl::UnknownError(answer->body);
  }

  const std::unique_ptr<HttpClient> user_;
  std::unique_ptr<LlamaServerEngine> engine_;
};

}  // namespace warmup::contract

#endif  // WARMUP_TESTS_ENGINES_CONTRACT_SUBJECTS_LLAMA_SERVER_SUBJECT_H_
