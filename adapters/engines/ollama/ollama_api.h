#ifndef WARMUP_ADAPTERS_ENGINES_OLLAMA_OLLAMA_API_H_
#define WARMUP_ADAPTERS_ENGINES_OLLAMA_OLLAMA_API_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/engines/http/http_client.h"
#include "adapters/engines/ollama/answers.h"

namespace warmup::ollama {

// Ollama's calls, one function each. Thread-safe; `http` outlives it.
//
// Errors name the engine and, where there is one, the model; the stable
// reasons, besides those of HttpClient, are
//   NOT_FOUND            MODEL_NOT_FOUND
//   FAILED_PRECONDITION  MODEL_DAMAGED    it cannot be loaded, in Ollama's
//   words RESOURCE_EXHAUSTED   MEMORY_SHORT UNAVAILABLE          ENGINE_BUSY
//   its queue is full
//                        ENGINE_REFUSES   the token is wrong or missing
//                        ENGINE_FAILED    anything else that it calls an error
//                        ENGINE_ANSWER_UNREADABLE
class OllamaApi {
 public:
  explicit OllamaApi(HttpClient& http) : http_(http) {}

  // The version of the server, if it is an Ollama: FAILED_PRECONDITION
  // (NOT_OLLAMA) saying what it seems to be instead. LocalAI, which answers the
  // same paths and loads nothing, is none.
  absl::StatusOr<std::string> Probe();
  absl::StatusOr<std::vector<ListedModel>> Tags(const HttpCall& call);
  absl::StatusOr<std::vector<RunningModel>> Running(const HttpCall& call);
  absl::StatusOr<ModelMetadata> Show(const std::string& name,
                                     const HttpCall& call);
  // Blocks until Ollama says that the model is loaded. Without `keep_alive` the
  // model keeps the one it was given last. Generating and embedding models have
  // different calls; a wrong guess costs one more call.
  absl::Status Load(const std::string& name, bool is_embedder,
                    std::optional<absl::Duration> keep_alive,
                    const HttpCall& call);
  // Returns before the model is gone.
  absl::Status Unload(const std::string& name, const HttpCall& call);

  // An error about a model: "engine ... model ...: what". Without a name it is
  // about the engine.
  absl::Status ModelError(absl::StatusCode code, std::string_view reason,
                          const std::string& name, std::string_view what) const;

 private:
  absl::StatusOr<std::string> GetText(const char* path, const HttpCall& call);
  absl::Status Unreadable(const char* path, const absl::Status& why) const;
  // OK for the status 200.
  absl::Status StatusOf(const HttpResponse& response,
                        const std::string& name) const;

  HttpClient& http_;
};

}  // namespace warmup::ollama

#endif  // WARMUP_ADAPTERS_ENGINES_OLLAMA_OLLAMA_API_H_
