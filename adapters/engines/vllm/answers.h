#ifndef WARMUP_ADAPTERS_ENGINES_VLLM_ANSWERS_H_
#define WARMUP_ADAPTERS_ENGINES_VLLM_ANSWERS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

// Pure readers of what vLLM answers, untrusted (see json_answer.h and
// prometheus_text.h). An answer that is no JSON, or lacks what it is asked for,
// is INVALID_ARGUMENT saying what is wrong, without naming the engine.
namespace warmup::vllm {

// The one model of a server, as /v1/models shows it.
struct ServedModel {
  std::string name;  // the first of its names
  int64_t context_length = 0;
  // What is no model of its own: the other names, and LoRA adapters.
  std::vector<std::string> others;
};

// How deep a server sleeps: level 1 keeps the weights in the host's memory,
// level 2 keeps nothing.
enum class Sleep { kUnknown, kLevel1, kLevel2 };

// What /metrics shows; empty: nothing.
struct Metrics {
  std::optional<int64_t> in_flight;  // requests that run or wait
  std::optional<int64_t> served;     // requests, since it was started
  Sleep sleep = Sleep::kUnknown;     // while it sleeps
};

// An error too when it is not vLLM that answers, or one that stands before
// several servers.
absl::StatusOr<ServedModel> ReadModel(std::string_view text);
absl::StatusOr<bool> ReadIsSleeping(std::string_view text);
// Empty when it does not say.
std::string ReadVersion(std::string_view text);
Metrics ReadMetrics(std::string_view text);

}  // namespace warmup::vllm

#endif  // WARMUP_ADAPTERS_ENGINES_VLLM_ANSWERS_H_
