#ifndef WARMUP_ADAPTERS_ENGINES_LM_STUDIO_ANSWERS_H_
#define WARMUP_ADAPTERS_ENGINES_LM_STUDIO_ANSWERS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

// Pure readers of what LM Studio answers, untrusted (see json_answer.h). An
// answer that is no JSON, or lacks what it is asked for, is INVALID_ARGUMENT
// saying what is wrong, without naming the engine.
namespace warmup::lm_studio {

// An entry of /api/v1/models. An entry without a usable key keeps an empty one,
// so that whoever passes over it can say so.
struct ListedModel {
  std::string key;
  int64_t size_bytes = 0;  // of its file
  std::string format;
  std::string architecture;
  int64_t context_length = 0;  // the most that it can
  bool is_embedder = false;
  std::vector<std::string> instances;  // that are loaded
};

absl::StatusOr<std::vector<ListedModel>> ReadModels(std::string_view text);
// Of /api/v1/models/load: the instance that is loaded.
absl::StatusOr<std::string> ReadInstance(std::string_view text);

}  // namespace warmup::lm_studio

#endif  // WARMUP_ADAPTERS_ENGINES_LM_STUDIO_ANSWERS_H_
