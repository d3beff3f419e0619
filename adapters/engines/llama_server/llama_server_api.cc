#include "adapters/engines/llama_server/llama_server_api.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "adapters/engines/http/json_answer.h"
#include "core/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace warmup::llama_server {
namespace {

using json_answer::Dump;
using json_answer::Escape;
using json_answer::ReadError;

constexpr char kModels[] = "/models";
constexpr char kProps[] = "/props";
// When a router may have finished a request, or a server its load.
constexpr absl::Duration kBusyRetry = absl::Seconds(1);

bool Says(const std::string& words, std::string_view part) {
  return words.find(part) != std::string::npos;
}

// What a server of one model answers to everything until it has loaded it.
bool IsLoadingAnswer(const HttpResponse& response) {
  return response.status == 503 && ReadError(response.body) == "Loading model";
}

// A router's question about one model, which may not load it. A server of one
// model ignores what follows the path.
std::string About(std::string_view path, const std::string& model) {
  return absl::StrCat(std::string(path), "?model=", Escape(model),
                      "&autoload=false");
}

}  // namespace

absl::StatusOr<Props> LlamaServerApi::Probe() {
  const auto not_one = [this](std::string_view what) {
    return http_.Error(absl::StatusCode::kFailedPrecondition,
                       "NOT_LLAMA_SERVER",
                       "is no llama-server: " + std::string(what));
  };
  WARMUP_ASSIGN_OR_RETURN(const HttpResponse answer,
                          http_.Get(kProps, HttpCall()));
  if (IsLoadingAnswer(answer)) return Props();
  if (answer.status == 401 || answer.status == 403) return StatusOf(answer, "");
  if (answer.status != 200) {
    return not_one(absl::StrCat("/props has status ", answer.status));
  }
  auto props = ReadProps(answer.body);
  if (!props.ok()) {
    return not_one("/props: " + std::string(props.status().message()));
  }
  return props;
}

absl::StatusOr<Listing> LlamaServerApi::List(const HttpCall& call) {
  WARMUP_ASSIGN_OR_RETURN(HttpResponse answer, http_.Get(kModels, call));
  Listing loading;
  loading.models.emplace_back().status = ModelStatus::kLoading;
  if (IsLoadingAnswer(answer)) return loading;
  WARMUP_RETURN_IF_ERROR(StatusOf(answer, ""));
  auto listing = ReadModels(answer.body);
  if (!listing.ok()) return Unreadable(kModels, listing.status());
  if (listing->is_router || listing->models.empty()) return listing;
  WARMUP_ASSIGN_OR_RETURN(answer, http_.Get(kProps, call));
  if (IsLoadingAnswer(answer)) return loading;
  WARMUP_RETURN_IF_ERROR(StatusOf(answer, ""));
  const auto props = ReadProps(answer.body);
  if (!props.ok()) return Unreadable(kProps, props.status());
  ListedModel& model = listing->models.front();
  if (props->is_sleeping) model.status = ModelStatus::kSleeping;
  model.path = props->path;
  listing->version = props->version;
  return listing;
}

absl::StatusOr<bool> LlamaServerApi::Load(const std::string& model,
                                          const HttpCall& call) {
  WARMUP_ASSIGN_OR_RETURN(
      const HttpResponse answer,
      http_.Post("/models/load", Dump({{"model", model}}), call));
  if (answer.status == 400 && Says(ReadError(answer.body), "already running")) {
    return false;
  }
  WARMUP_RETURN_IF_ERROR(StatusOf(answer, model));
  return true;
}

absl::Status LlamaServerApi::Unload(const std::string& model,
                                    const HttpCall& call) {
  WARMUP_ASSIGN_OR_RETURN(
      const HttpResponse answer,
      http_.Post("/models/unload", Dump({{"model", model}}), call));
  if (answer.status == 400) return absl::OkStatus();  // not running, or unknown
  return StatusOf(answer, model);
}

absl::Status LlamaServerApi::Wake(const std::string& model,
                                  const HttpCall& call) {
  WARMUP_ASSIGN_OR_RETURN(
      const HttpResponse answer,
      http_.Post("/tokenize?autoload=false",
                 Dump({{"model", model}, {"content", ""}}), call));
  return StatusOf(answer, model);
}

absl::StatusOr<Activity> LlamaServerApi::Ask(const std::string& model,
                                             ActivitySource source,
                                             const HttpCall& call) {
  const char* path = source == ActivitySource::kMetrics ? "/metrics"
                     : source == ActivitySource::kSlots ? "/slots"
                                                        : kProps;
  WARMUP_ASSIGN_OR_RETURN(const HttpResponse answer,
                          http_.Get(About(path, model), call));
  const auto not_told = [&](std::string_view why) {
    return ModelError(absl::StatusCode::kUnimplemented, "NOT_TOLD", model,
                      absl::StrCat(path, ": ", std::string(why)));
  };
  if (answer.status == 501) return not_told(ReadError(answer.body));
  WARMUP_RETURN_IF_ERROR(StatusOf(answer, model));
  if (source == ActivitySource::kNone) return Activity();
  auto activity = source == ActivitySource::kMetrics ? ReadMetrics(answer.body)
                                                     : ReadSlots(answer.body);
  if (!activity.ok()) return not_told(std::string(activity.status().message()));
  return activity;
}

absl::Status LlamaServerApi::ModelError(absl::StatusCode code,
                                        std::string_view reason,
                                        const std::string& model,
                                        std::string_view what) const {
  if (model.empty()) return http_.Error(code, reason, what);
  std::optional<absl::Duration> retry;
  if (reason == "ENGINE_BUSY" || reason == "MODEL_LIMIT_REACHED") {
    retry = kBusyRetry;
  }
  return http_.ModelError(code, reason, model, what, retry);
}

absl::Status LlamaServerApi::Unreadable(std::string_view path,
                                        const absl::Status& why) const {
  return http_.Error(absl::StatusCode::kUnavailable, "ENGINE_ANSWER_UNREADABLE",
                     absl::StrCat(std::string(path), ": ", why.message()));
}

absl::Status LlamaServerApi::StatusOf(const HttpResponse& response,
                                      const std::string& model) const {
  using enum absl::StatusCode;
  if (response.status == 200) return absl::OkStatus();
  const std::string words = ReadError(response.body);
  const auto error = [&](absl::StatusCode code, std::string_view reason) {
    return ModelError(code, reason, model,
                      absl::StrCat(words.empty() ? "no reason given" : words,
                                   " (status ", response.status, ")"));
  };
  switch (response.status) {
    case 401:
    case 403:
      return error(kUnavailable, "ENGINE_REFUSES");
    case 400:
    case 404:
      // Without words, or about no model, it is some other server that answers.
      return model.empty() || words.empty()
                 ? error(kUnavailable, "ENGINE_FAILED")
                 : error(kNotFound, "MODEL_NOT_FOUND");
    case 503:
      return error(kUnavailable, "ENGINE_BUSY");
    default:
      break;
  }
  if (Says(words, "model limit reached")) {
    return error(kResourceExhausted, "MODEL_LIMIT_REACHED");
  }
  // The router's own words, which are no JSON, for a child that does not
  // listen.
  if (response.status == 500 && response.body.starts_with("proxy error")) {
    return ModelError(kUnavailable, "MODEL_SILENT", model,
                      "it is said to be loaded, but its process does not "
                      "answer: it is ending, or was told to end");
  }
  return error(kUnavailable, "ENGINE_FAILED");
}

}  // namespace warmup::llama_server
