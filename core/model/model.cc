#include "core/model/model.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/base/status_macros.h"

namespace warmup {
namespace {

absl::Status ValidateBytes(std::string_view field, int64_t bytes) {
  if (bytes >= 0 && bytes <= limits::kMaxModelBytes) return absl::OkStatus();
  return InvalidField(field, absl::StrCat("is ", bytes, ", outside 0 to ",
                                          limits::kMaxModelBytes));
}

}  // namespace

std::string_view ToString(ModelType type) {
  switch (type) {
    case ModelType::kUnspecified:
      return "unspecified";
    case ModelType::kCompletion:
      return "completion";
    case ModelType::kChat:
      return "chat";
    case ModelType::kEmbedding:
      return "embedding";
    case ModelType::kRerank:
      return "rerank";
    case ModelType::kClassification:
      return "classification";
    case ModelType::kGeneration:
      return "generation";
    case ModelType::kAnalysis:
      return "analysis";
    case ModelType::kRefactoring:
      return "refactoring";
    case ModelType::kTranslation:
      return "translation";
    case ModelType::kCustom:
      return "custom";
  }
  return "unknown";
}

std::string_view ToString(Tier tier) {
  switch (tier) {
    case Tier::kCold:
      return "cold";
    case Tier::kHost:
      return "host";
    case Tier::kReady:
      return "ready";
  }
  return "unknown";
}

std::string_view ToString(Priority priority) {
  switch (priority) {
    case Priority::kLow:
      return "low";
    case Priority::kMedium:
      return "medium";
    case Priority::kHigh:
      return "high";
    case Priority::kCritical:
      return "critical";
  }
  return "unknown";
}

std::string_view ToString(LoadKind kind) {
  switch (kind) {
    case LoadKind::kSpeculative:
      return "speculative";
    case LoadKind::kAnnounced:
      return "announced";
    case LoadKind::kDemand:
      return "demand";
  }
  return "unknown";
}

absl::Status ValidateId(std::string_view field, std::string_view id) {
  if (id.empty()) return InvalidField(field, "must not be empty");
  if (id.size() > limits::kMaxIdBytes) {
    return InvalidField(field,
                        absl::StrCat("has ", id.size(), " bytes, at most ",
                                     limits::kMaxIdBytes, " are allowed"));
  }
  for (const char c : id) {
    if (c <= ' ' || c > '~') {
      return InvalidField(field,
                          "holds a character that is not printable ASCII, or a "
                          "space");
    }
  }
  return absl::OkStatus();
}

absl::Status ValidateSpec(const ModelSpec& spec) {
  WARMUP_RETURN_IF_ERROR(ValidateId("spec.model_id", spec.id));
  WARMUP_RETURN_IF_ERROR(ValidateId("spec.engine", spec.engine));
  WARMUP_RETURN_IF_ERROR(ValidateId("spec.device", spec.device));
  if (spec.source.empty() || spec.source.size() > limits::kMaxPathBytes) {
    return InvalidField("spec.source",
                        absl::StrCat("must have 1 to ", limits::kMaxPathBytes,
                                     " bytes, has ", spec.source.size()));
  }
  WARMUP_RETURN_IF_ERROR(ValidateBytes("spec.size_bytes", spec.size_bytes));
  WARMUP_RETURN_IF_ERROR(ValidateBytes("spec.peak_bytes", spec.peak_bytes));
  for (const auto& [field, text] :
       {std::pair{"spec.format", &spec.format},
        std::pair{"spec.architecture", &spec.architecture}}) {
    if (text->size() > limits::kMaxIdBytes) {
      return InvalidField(field,
                          absl::StrCat("has ", text->size(), " bytes, at most ",
                                       limits::kMaxIdBytes, " are allowed"));
    }
  }
  if (spec.context_length < 0) {
    return InvalidField("spec.context_length", "must not be negative");
  }
  if (spec.labels.size() > limits::kMaxLabels) {
    return InvalidField(
        "spec.labels",
        absl::StrCat("has ", spec.labels.size(), " entries, at most ",
                     limits::kMaxLabels, " are allowed"));
  }
  for (const auto& [key, value] : spec.labels) {
    if (key.empty() || key.size() + value.size() > limits::kMaxLabelBytes) {
      return InvalidField(
          "spec.labels",
          "an entry has an empty key or is longer than the limit");
    }
  }
  return absl::OkStatus();
}

absl::Status ValidatePolicy(const SwitchingPolicy& policy) {
  if (policy.max_concurrent_models < 0 ||
      policy.max_concurrent_models > limits::kMaxConcurrentModels) {
    return InvalidField(
        "policy.max_concurrent_models",
        absl::StrCat("is ", policy.max_concurrent_models, ", outside 0 to ",
                     limits::kMaxConcurrentModels));
  }
  if (policy.max_concurrent_loads < 1 ||
      policy.max_concurrent_loads > limits::kMaxConcurrentLoads) {
    return InvalidField(
        "policy.max_concurrent_loads",
        absl::StrCat("is ", policy.max_concurrent_loads, ", outside 1 to ",
                     limits::kMaxConcurrentLoads));
  }
  if (!(policy.memory_price >= 0 &&
        policy.memory_price <= limits::kMaxMemoryPrice)) {
    return InvalidField(
        "policy.memory_price",
        absl::StrCat("is ", policy.memory_price, ", outside 0 to ",
                     limits::kMaxMemoryPrice));
  }
  if (policy.switching_timeout < limits::kMinSwitchingTimeout ||
      policy.switching_timeout > limits::kMaxSwitchingTimeout) {
    return InvalidField(
        "policy.switching_timeout_ms",
        absl::StrCat("is ", absl::ToInt64Milliseconds(policy.switching_timeout),
                     " ms, outside ",
                     absl::ToInt64Milliseconds(limits::kMinSwitchingTimeout),
                     " to ",
                     absl::ToInt64Milliseconds(limits::kMaxSwitchingTimeout)));
  }
  return absl::OkStatus();
}

LoadStart StartOf(int64_t read_bytes, int64_t total_bytes) {
  if (total_bytes <= 0) return LoadStart::kUnknown;
  return read_bytes >= total_bytes - read_bytes ? LoadStart::kCold
                                                : LoadStart::kWarm;
}

bool IsMeasuredAlike(const ModelSpec& a, const ModelSpec& b) {
  return a.engine == b.engine && a.source == b.source && a.device == b.device &&
         a.context_length == b.context_length;
}

}  // namespace warmup
