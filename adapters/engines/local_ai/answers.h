#ifndef WARMUP_ADAPTERS_ENGINES_LOCAL_AI_ANSWERS_H_
#define WARMUP_ADAPTERS_ENGINES_LOCAL_AI_ANSWERS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

// Pure readers of what LocalAI answers, untrusted (see json_answer.h). An
// answer that is no JSON, or lacks its list, is INVALID_ARGUMENT saying what is
// wrong, without naming the engine. Names that are no text are empty.
namespace warmup::local_ai {

// Of /v1/models: the models that it offers.
absl::StatusOr<std::vector<std::string>> ReadModels(std::string_view text);
// Of /system: the models that are loaded.
absl::StatusOr<std::vector<std::string>> ReadLoaded(std::string_view text);
// Of /backend/load: what was loaded, more than one model for a pipeline. Empty
// when it does not say.
std::vector<std::string> ReadLoadAnswer(std::string_view text);
// Of /version; empty when it does not say.
std::string ReadVersion(std::string_view text);

// Of /api/models/vram-estimate; 0: not told.
struct Estimate {
  int64_t size_bytes = 0;
  int64_t ready_bytes = 0;
  int64_t context_length = 0;  // the most that it can
};
Estimate ReadEstimate(std::string_view text);

}  // namespace warmup::local_ai

#endif  // WARMUP_ADAPTERS_ENGINES_LOCAL_AI_ANSWERS_H_
