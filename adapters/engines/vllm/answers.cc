#include "adapters/engines/vllm/answers.h"

#include <limits>
#include <utility>

#include "adapters/engines/http/json_answer.h"
#include "adapters/engines/http/prometheus_text.h"
#include "core/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace warmup::vllm {
namespace {

using json_answer::At;
using json_answer::ListAt;
using json_answer::NumberAt;
using json_answer::ParseObject;
using json_answer::TextAt;
using nlohmann::json;

constexpr double kMaxCount = 1e15;

std::optional<int64_t> CountOf(std::optional<double> sum) {
  if (!sum.has_value() || *sum > kMaxCount) return std::nullopt;
  return static_cast<int64_t>(*sum);
}

}  // namespace

absl::StatusOr<ServedModel> ReadModel(std::string_view text) {
  WARMUP_ASSIGN_OR_RETURN(json answer, ParseObject(text));
  WARMUP_ASSIGN_OR_RETURN(const json data, ListAt(std::move(answer), "data"));
  ServedModel model;
  std::string root;
  for (const json& entry : data) {
    std::string name = TextAt(entry, "id");
    if (TextAt(entry, "owned_by") != "vllm") {
      return absl::InvalidArgumentError("its models are not owned by \"vllm\"");
    }
    if (!TextAt(entry, "parent").empty()) {
      model.others.push_back(std::move(name));
    } else if (model.name.empty()) {
      model.name = std::move(name);
      model.context_length =
          NumberAt(entry, "max_model_len", std::numeric_limits<int32_t>::max());
      root = TextAt(entry, "root");
    } else if (TextAt(entry, "root") == root) {
      model.others.push_back(std::move(name));
    } else {
      return absl::InvalidArgumentError(
          "it has several models, as what stands before several vLLM has");
    }
  }
  if (model.name.empty()) {
    return absl::InvalidArgumentError("it has no model with a name");
  }
  return model;
}

absl::StatusOr<bool> ReadIsSleeping(std::string_view text) {
  WARMUP_ASSIGN_OR_RETURN(const json answer, ParseObject(text));
  const json& is_sleeping = At(answer, "is_sleeping");
  if (is_sleeping.is_boolean()) return is_sleeping.get<bool>();
  return absl::InvalidArgumentError(
      "the answer has no \"is_sleeping\" that is true or false");
}

std::string ReadVersion(std::string_view text) {
  const auto answer = ParseObject(text);
  return answer.ok() ? TextAt(*answer, "version") : std::string();
}

Metrics ReadMetrics(std::string_view text) {
  Metrics metrics;
  metrics.in_flight = CountOf(SumMetric(text, "vllm:num_requests_running"));
  if (metrics.in_flight.has_value()) {
    *metrics.in_flight +=
        CountOf(SumMetric(text, "vllm:num_requests_waiting")).value_or(0);
  }
  metrics.served = CountOf(SumMetric(text, "vllm:request_success_total"));
  const auto is_at = [&](std::string_view state) {
    return SumMetric(text, "vllm:engine_sleep_state", {{"sleep_state", state}})
               .value_or(0) > 0;
  };
  if (is_at("discard_all")) {
    metrics.sleep = Sleep::kLevel2;
  } else if (is_at("weights_offloaded")) {
    metrics.sleep = Sleep::kLevel1;
  }
  return metrics;
}

}  // namespace warmup::vllm
