#include "adapters/engines/lm_studio/answers.h"

#include <limits>
#include <utility>

#include "adapters/engines/http/json_answer.h"
#include "core/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace warmup::lm_studio {
namespace {

using json_answer::At;
using json_answer::BytesAt;
using json_answer::ListAt;
using json_answer::NumberAt;
using json_answer::ParseObject;
using json_answer::TextAt;
using json_answer::WordAt;
using nlohmann::json;

}  // namespace

absl::StatusOr<std::vector<ListedModel>> ReadModels(std::string_view text) {
  WARMUP_ASSIGN_OR_RETURN(json answer, ParseObject(text));
  WARMUP_ASSIGN_OR_RETURN(const json models,
                          ListAt(std::move(answer), "models"));
  std::vector<ListedModel> result;
  result.reserve(models.size());
  for (const json& entry : models) {
    ListedModel& model = result.emplace_back();
    model.key = TextAt(entry, "key");
    model.size_bytes = BytesAt(entry, "size_bytes");
    model.format = WordAt(entry, "format");
    model.architecture = WordAt(entry, "architecture");
    model.context_length = NumberAt(entry, "max_context_length",
                                    std::numeric_limits<int32_t>::max());
    model.is_embedder = TextAt(entry, "type") == "embedding";
    const json& instances = At(entry, "loaded_instances");
    if (!instances.is_array()) continue;
    for (const json& instance : instances) {
      std::string id = TextAt(instance, "id");
      if (!id.empty()) model.instances.push_back(std::move(id));
    }
  }
  return result;
}

absl::StatusOr<std::string> ReadInstance(std::string_view text) {
  WARMUP_ASSIGN_OR_RETURN(const json answer, ParseObject(text));
  std::string id = TextAt(answer, "instance_id");
  if (id.empty()) {
    return absl::InvalidArgumentError("the answer has no \"instance_id\"");
  }
  return id;
}

}  // namespace warmup::lm_studio
