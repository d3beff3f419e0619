#ifndef WARMUP_TESTS_ENGINES_CONTRACT_SUBJECTS_LLAMA_SERVER_SUBJECT_H_
#define WARMUP_TESTS_ENGINES_CONTRACT_SUBJECTS_LLAMA_SERVER_SUBJECT_H_

#include <memory>
#include <string>
#include <utility>

#include "adapters/engines/llama_server/llama_server_engine.h"
#include "tests/engines/contract/subject.h"
#include "tests/support/catch.h"

namespace warmup::contract {

// What the fake llama-server and the real one have in common: the adapter.
class LlamaServerSubject : public Subject {
 public:
  Engine& engine() override { return *engine_; }

 protected:
  LlamaServerSubject(Description description, const std::string& endpoint)
      : Subject(std::move(description)) {
    auto http = HttpClient::Create(
        {.engine = "llama-server", .endpoint = endpoint, .bearer_token = {}});
    REQUIRE(http.ok());
    engine_ = std::make_unique<LlamaServerEngine>(*std::move(http),
                                                  LlamaServerEngine::Options());
  }

  static constexpr Manners kManners = {.unload_aborts_loads = true,
                                       .shows_loading = true,
                                       .shows_requests = true};

  // Before the server goes: it closes its connections.
  void EndEngine() { engine_ = nullptr; }

 private:
  std::unique_ptr<LlamaServerEngine> engine_;
};

}  // namespace warmup::contract

#endif  // WARMUP_TESTS_ENGINES_CONTRACT_SUBJECTS_LLAMA_SERVER_SUBJECT_H_
