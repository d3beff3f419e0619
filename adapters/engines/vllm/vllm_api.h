#ifndef WARMUP_ADAPTERS_ENGINES_VLLM_VLLM_API_H_
#define WARMUP_ADAPTERS_ENGINES_VLLM_VLLM_API_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adapters/engines/http/http_client.h"
#include "adapters/engines/vllm/answers.h"

namespace warmup::vllm {

// What a server is, for as long as it runs.
struct Identity {
  std::string version;     // "" where it tells none
  bool has_sleep = false;  // its calls of sleep mode are there
};

// vLLM's calls, one function each. Errors are those of HttpClient and of
// StatusOf (answer_status.h), UNAVAILABLE (ENGINE_ANSWER_UNREADABLE) and what
// is said here. Thread-safe; `http` outlives it.
class VllmApi {
 public:
  explicit VllmApi(HttpClient& http) : http_(http) {}

  // FAILED_PRECONDITION (NOT_VLLM) when it is none.
  absl::StatusOr<Identity> Identify(const HttpCall& call) const;
  absl::StatusOr<ServedModel> GetModel(const HttpCall& call) const;
  // Without them it is a vLLM all the same.
  absl::StatusOr<Metrics> GetMetrics(const HttpCall& call) const;
  absl::StatusOr<bool> IsSleeping(const HttpCall& call) const;
  // OK while its engine lives.
  absl::Status CheckHealth(const HttpCall& call) const;
  // Any call that changes something. `name`: the model's, for messages.
  absl::Status Post(const std::string& path, const std::string& body,
                    const std::string& name, const HttpCall& call) const;

  absl::Status ModelError(absl::StatusCode code, std::string_view reason,
                          const std::string& name, std::string_view what) const;

 private:
  absl::StatusOr<std::string> GetText(const char* path,
                                      const HttpCall& call) const;
  absl::Status Unreadable(const char* path, const absl::Status& why) const;

  HttpClient& http_;
};

}  // namespace warmup::vllm

#endif  // WARMUP_ADAPTERS_ENGINES_VLLM_VLLM_API_H_
