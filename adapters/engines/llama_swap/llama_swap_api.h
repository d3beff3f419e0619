#ifndef WARMUP_ADAPTERS_ENGINES_LLAMA_SWAP_LLAMA_SWAP_API_H_
#define WARMUP_ADAPTERS_ENGINES_LLAMA_SWAP_LLAMA_SWAP_API_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adapters/engines/http/http_client.h"
#include "adapters/engines/llama_swap/answers.h"

namespace warmup::llama_swap {

// llama-swap's calls, one function each. Thread-safe; `http` outlives it.
//
// Errors name the engine and, where there is one, the model; the stable
// reasons, besides those of HttpClient, are
//   NOT_FOUND            MODEL_NOT_FOUND
//   FAILED_PRECONDITION  MODEL_DAMAGED   its server ends at once, or cannot be
//                                        started
//   RESOURCE_EXHAUSTED   MEMORY_SHORT    as far as that is told
//   UNAVAILABLE          ENGINE_BUSY     it has all the requests it may have
//                        ENGINE_REFUSES  the token is wrong or missing, or the
//                                        configuration keeps the call away
//                        ENGINE_FAILED   anything else that it calls an error
//                        ENGINE_ANSWER_UNREADABLE
class LlamaSwapApi {
 public:
  explicit LlamaSwapApi(HttpClient& http) : http_(http) {}

  // The version of the llama-swap there ("" where it tells none), or why it is
  // none: FAILED_PRECONDITION (NOT_LLAMA_SWAP). Loads nothing.
  absl::StatusOr<std::string> Probe();
  absl::StatusOr<std::vector<ListedModel>> Models(const HttpCall& call);
  absl::StatusOr<std::vector<RunningModel>> Running(const HttpCall& call);
  // Blocks until the model's server is ready, and brings what that says of its
  // health: any status, if it has no such path; or llama-swap's own error (see
  // LoadError). A load that has begun goes on when this is cancelled.
  absl::StatusOr<HttpResponse> Load(const std::string& name,
                                    const HttpCall& call);
  absl::Status LoadError(const HttpResponse& answer,
                         const std::string& name) const;
  // Blocks until the model's server has ended, whatever runs on it.
  absl::Status Unload(const std::string& name, const HttpCall& call);

  absl::Status ModelError(absl::StatusCode code, std::string_view reason,
                          const std::string& name, std::string_view what) const;

 private:
  absl::StatusOr<std::string> GetText(const char* path, const HttpCall& call);
  absl::Status Unreadable(const char* path, const absl::Status& why) const;

  HttpClient& http_;
};

}  // namespace warmup::llama_swap

#endif  // WARMUP_ADAPTERS_ENGINES_LLAMA_SWAP_LLAMA_SWAP_API_H_
