#include "adapters/engines/local_ai/answers.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "adapters/engines/http/json_answer.h"
#include "core/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace warmup::local_ai {
namespace {

using json_answer::BytesAt;
using json_answer::ListAt;
using json_answer::NumberAt;
using json_answer::ParseObject;
using json_answer::TextAt;
using nlohmann::json;

absl::StatusOr<std::vector<std::string>> ReadIds(std::string_view text,
                                                 std::string_view list) {
  WARMUP_ASSIGN_OR_RETURN(json answer, ParseObject(text));
  WARMUP_ASSIGN_OR_RETURN(const json entries, ListAt(std::move(answer), list));
  std::vector<std::string> ids;
  ids.reserve(entries.size());
  for (const json& entry : entries) ids.push_back(TextAt(entry, "id"));
  return ids;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ReadModels(std::string_view text) {
  return ReadIds(text, "data");
}

absl::StatusOr<std::vector<std::string>> ReadLoaded(std::string_view text) {
  return ReadIds(text, "loaded_models");
}

std::vector<std::string> ReadLoadAnswer(std::string_view text) {
  std::vector<std::string> names;
  auto answer = ParseObject(text);
  if (!answer.ok()) return names;
  const auto loaded = ListAt(*std::move(answer), "loaded");
  if (!loaded.ok()) return names;
  for (const json& name : *loaded) {
    if (name.is_string()) names.push_back(name.get<std::string>());
  }
  return names;
}

std::string ReadVersion(std::string_view text) {
  const auto answer = ParseObject(text);
  return answer.ok() ? TextAt(*answer, "version") : std::string();
}

Estimate ReadEstimate(std::string_view text) {
  const auto answer = ParseObject(text);
  if (!answer.ok()) return {};
  // As it is documented, and as it is.
  return {.size_bytes = std::max(BytesAt(*answer, "sizeBytes"),
                                 BytesAt(*answer, "size_bytes")),
          .ready_bytes = std::max(BytesAt(*answer, "vramBytes"),
                                  BytesAt(*answer, "vram_bytes")),
          .context_length = NumberAt(*answer, "model_max_context",
                                     std::numeric_limits<int32_t>::max())};
}

}  // namespace warmup::local_ai
