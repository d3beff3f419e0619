#include "adapters/engines/llama_server/answers.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "adapters/engines/http/json_answer.h"
#include "adapters/engines/http/prometheus_text.h"
#include "core/base/limits.h"
#include "core/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace warmup::llama_server {
namespace {

using json_answer::At;
using json_answer::BoolAt;
using json_answer::BytesAt;
using json_answer::ListAt;
using json_answer::NumberAt;
using json_answer::ParseObject;
using json_answer::TextAt;
using nlohmann::json;

// More of them are no command, no names of one model, and no slots.
constexpr size_t kMaxArguments = 1'000;
constexpr size_t kMaxAliases = 100;
constexpr size_t kMaxSlots = 10'000;
constexpr int64_t kMaxCount = int64_t{1} << 53;  // exact as a double
constexpr int64_t kMaxPort = 65'535;
constexpr int64_t kMaxLoaded = 1'000'000;

// Empty unless all of them are texts.
std::vector<std::string> TextsAt(const json& object, std::string_view key,
                                 size_t max_count) {
  const json& list = At(object, key);
  if (!list.is_array() || list.size() > max_count) return {};
  std::vector<std::string> texts;
  texts.reserve(list.size());
  for (const json& item : list) {
    if (!item.is_string()) return {};
    texts.push_back(item.get<std::string>());
    if (texts.back().size() > limits::kMaxPathBytes) return {};
  }
  return texts;
}

// The value behind a flag.
std::optional<std::string_view> ValueOf(const std::vector<std::string>& command,
                                        std::string_view flag) {
  const auto it = std::find(command.begin(), command.end(), flag);
  if (it == command.end() || it + 1 == command.end()) return std::nullopt;
  return *(it + 1);
}

int64_t ToInt(std::optional<std::string_view> text, int64_t otherwise) {
  int64_t number = otherwise;
  if (text.has_value()) {
    std::from_chars(text->data(), text->data() + text->size(), number);
  }
  return number;
}

bool Has(const std::vector<std::string>& command, std::string_view flag) {
  return std::find(command.begin(), command.end(), flag) != command.end();
}

// A router writes out each flag by its longest name, whatever it was given by.
void TakeCommand(std::vector<std::string> command, ListedModel& model) {
  model.path = ValueOf(command, "--model").value_or("");
  const int64_t port = ToInt(ValueOf(command, "--port"), 0);
  if (port > 0 && port <= kMaxPort) model.port = static_cast<int>(port);
  model.may_sleep = ToInt(ValueOf(command, "--sleep-idle-seconds"), -1) >= 0;
  model.is_embedder = Has(command, "--embeddings");
  model.is_reranker = Has(command, "--reranking");
  model.command = std::move(command);
}

ModelStatus ToStatus(const std::string& word) {
  if (word == "unloaded") return ModelStatus::kUnloaded;
  if (word == "loading") return ModelStatus::kLoading;
  if (word == "loaded") return ModelStatus::kLoaded;
  if (word == "sleeping") return ModelStatus::kSleeping;
  return ModelStatus::kOther;
}

int64_t Count(std::optional<double> value) {
  return static_cast<int64_t>(
      std::min(value.value_or(0), static_cast<double>(kMaxCount)));
}

}  // namespace

absl::StatusOr<Listing> ReadModels(std::string_view text) {
  WARMUP_ASSIGN_OR_RETURN(json answer, ParseObject(text));
  WARMUP_ASSIGN_OR_RETURN(const json models, ListAt(std::move(answer), "data"));
  Listing listing;
  // One without a model is a router; so is one that tells their status.
  listing.is_router =
      models.empty() ||
      std::any_of(models.begin(), models.end(), [](const json& entry) {
        return At(entry, "status").is_object();
      });
  listing.models.reserve(models.size());
  for (const json& entry : models) {
    const json& status = At(entry, "status");
    const json& meta = At(entry, "meta");
    ListedModel& model = listing.models.emplace_back();
    model.id = TextAt(entry, "id");
    model.aliases = TextsAt(entry, "aliases", kMaxAliases);
    model.status = listing.is_router ? ToStatus(TextAt(status, "value"))
                                     : ModelStatus::kLoaded;
    model.has_failed = BoolAt(status, "failed");
    TakeCommand(TextsAt(status, "args", kMaxArguments), model);
    model.weight_bytes = BytesAt(meta, "size");
    model.context_length =
        NumberAt(meta, "n_ctx_train", std::numeric_limits<int32_t>::max());
  }
  return listing;
}

bool IsUp(const ListedModel& model) {
  return model.status == ModelStatus::kLoaded ||
         model.status == ModelStatus::kSleeping;
}

ModelIndex::ModelIndex(const Listing& listing) {
  for (const ListedModel& model : listing.models) {
    models_.emplace(model.id, &model);
    if (model.id.empty() && !listing.is_router) unnamed_ = &model;
  }
  for (const ListedModel& model : listing.models) {
    for (const std::string& alias : model.aliases) {
      models_.emplace(alias, &model);
    }
  }
}

const ListedModel* ModelIndex::Find(std::string_view name) const {
  const auto it = models_.find(name);
  return it == models_.end() ? unnamed_ : it->second;
}

const ListedModel* FindModel(const Listing& listing, std::string_view name) {
  return ModelIndex(listing).Find(name);
}

absl::StatusOr<Props> ReadProps(std::string_view text) {
  WARMUP_ASSIGN_OR_RETURN(const json answer, ParseObject(text));
  Props props;
  props.version = TextAt(answer, "build_info");
  // Others imitate /props, but not this.
  if (props.version.empty()) {
    return absl::InvalidArgumentError("the answer has no \"build_info\"");
  }
  props.is_router = TextAt(answer, "role") == "router";
  props.max_models =
      static_cast<int>(NumberAt(answer, "max_instances", kMaxLoaded));
  props.path = TextAt(answer, "model_path");
  props.is_sleeping = BoolAt(answer, "is_sleeping");
  return props;
}

absl::StatusOr<Activity> ReadMetrics(std::string_view text) {
  const auto prompts = SumMetric(text, "llamacpp:prompt_tokens_total");
  if (!prompts.has_value()) {
    return absl::InvalidArgumentError("no llamacpp:prompt_tokens_total");
  }
  // A part of the prompt that was there from the request before.
  const auto cached = SumMetric(text, "llamacpp:prompt_tokens_cached_total");
  const int64_t waiting =
      Count(SumMetric(text, "llamacpp:requests_processing")) +
      Count(SumMetric(text, "llamacpp:requests_deferred"));
  return Activity{.marks = {Count(prompts) + Count(cached)},
                  .is_busy = waiting > 0};
}

absl::StatusOr<Activity> ReadSlots(std::string_view text) {
  const json slots = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!slots.is_array() || slots.size() > kMaxSlots) {
    return absl::InvalidArgumentError("the answer is not a list of slots");
  }
  Activity activity;
  activity.marks.reserve(slots.size());
  for (const json& slot : slots) {
    // One that has not served anything tells no task; the first may be 0.
    const bool has_task = At(slot, "id_task").is_number_unsigned();
    activity.marks.push_back(has_task ? NumberAt(slot, "id_task", kMaxCount) + 1
                                      : 0);
    activity.is_busy = activity.is_busy || BoolAt(slot, "is_processing");
  }
  return activity;
}

}  // namespace warmup::llama_server
