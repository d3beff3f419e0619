#include "adapters/engines/local_ai/local_ai_engine.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "adapters/engines/http/answer_status.h"
#include "adapters/engines/http/json_answer.h"
#include "adapters/engines/http/poll_until.h"
#include "adapters/engines/local_ai/answers.h"
#include "core/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace warmup {
namespace {

using json_answer::Dump;

constexpr char kSystem[] = "/system";
constexpr char kModels[] = "/v1/models";
constexpr char kLoad[] = "/backend/load";
constexpr char kShutdown[] = "/backend/shutdown";
constexpr char kEstimate[] = "/api/models/vram-estimate";
const HttpCall kLook = {.timeout = absl::Seconds(2)};
const HttpCall kList = {.timeout = absl::Seconds(10)};
// Of a cooldown that does not say how long it lasts: its first.
constexpr absl::Duration kCooldown = absl::Seconds(10);

// The version, if a LocalAI is there.
absl::StatusOr<std::string> Identified(HttpClient& http, const HttpCall& call) {
  const auto no = [&](std::string_view what) {
    return http.Error(
        absl::StatusCode::kFailedPrecondition, "NOT_LOCAL_AI",
        absl::StrCat("is no LocalAI: ", kSystem, ": ", std::string(what)));
  };
  WARMUP_ASSIGN_OR_RETURN(const HttpResponse system, http.Get(kSystem, call));
  if (system.status == 401 || system.status == 403) {
    return StatusOf(http, system, "");
  }
  if (system.status != 200) return no(absl::StrCat("status ", system.status));
  const auto loaded = local_ai::ReadLoaded(system.body);
  if (!loaded.ok()) return no(std::string(loaded.status().message()));
  WARMUP_ASSIGN_OR_RETURN(const HttpResponse version,
                          http.Get("/version", call));
  return version.status == 200 ? local_ai::ReadVersion(version.body)
                               : std::string();
}

Residency ResidencyOf(const ModelSpec& spec) {
  return {Tier::kReady, spec.size_bytes, spec.size_bytes};
}

}  // namespace

LocalAiEngine::LocalAiEngine(std::unique_ptr<HttpClient> http, Options options)
    : http_(std::move(http)),
      options_(std::move(options)),
      info_({.id = http_->engine(),
             .kind = "local-ai",
             .endpoint = http_->endpoint(),
             .version = {},
             .abilities = kLocalAiAbilities}),
      loads_(*http_) {}

absl::StatusOr<std::string> LocalAiEngine::Probe(HttpClient& http) {
  return Identified(http, HttpCall());
}

EngineInfo LocalAiEngine::info() const {
  MutexLock lock(mutex_);
  EngineInfo info = info_;
  info.version = version_;
  return info;
}

absl::StatusOr<std::vector<ModelSpec>> LocalAiEngine::Discover() {
  WARMUP_RETURN_IF_ERROR(Identify(kList));
  WARMUP_ASSIGN_OR_RETURN(const Names names, Listed(kList));
  std::vector<ModelSpec> specs;
  for (const std::string& name : names) {
    ModelSpec spec;
    spec.id = name;
    spec.engine = info_.id;
    spec.source = name;
    if (const absl::Status fit = ValidateSpec(spec); fit.ok()) {
      specs.push_back(std::move(spec));
    } else {
      options_.on_skipped(name, fit);
    }
  }
  return specs;
}

absl::StatusOr<ModelSpec> LocalAiEngine::Describe(const ModelSpec& spec) {
  const std::string& name = NameInEngine(spec);
  WARMUP_RETURN_IF_ERROR(Identify(kList));
  WARMUP_ASSIGN_OR_RETURN(const Names names, Listed(kList));
  if (!names.contains(name)) {
    return http_->ModelError(absl::StatusCode::kNotFound, "MODEL_NOT_FOUND",
                             name, "it is not among its models", std::nullopt);
  }
  ModelSpec result = spec;
  result.source = name;
  // Not all have this call, nor does it know every kind of model.
  WARMUP_ASSIGN_OR_RETURN(
      const HttpResponse answer,
      http_->Post(kEstimate, Dump({{"model", name}}), kList));
  if (answer.status != 200) return result;
  const local_ai::Estimate estimate = local_ai::ReadEstimate(answer.body);
  if (result.size_bytes == 0) result.size_bytes = estimate.size_bytes;
  if (result.peak_bytes == 0) result.peak_bytes = estimate.ready_bytes;
  if (result.context_length == 0) {
    result.context_length = estimate.context_length;
  }
  return result;
}

absl::StatusOr<LoadResult> LocalAiEngine::Load(const ModelSpec& spec,
                                               LoadControl& control) {
  const std::string& name = NameInEngine(spec);
  const auto is_cancelled = [&] { return control.IsCancelled(); };
  const HttpCall call = {.timeout = kList.timeout,
                         .is_cancelled = is_cancelled};
  WARMUP_RETURN_IF_ERROR(Identify(call));
  WARMUP_ASSIGN_OR_RETURN(const Names names, Listed(call));
  if (!names.contains(name)) {
    return http_->ModelError(absl::StatusCode::kNotFound, "MODEL_NOT_FOUND",
                             name, "it is not among its models", std::nullopt);
  }
  const int64_t number = Number(name);
  WARMUP_ASSIGN_OR_RETURN(const Names before, Loaded(call));
  if (before.contains(name)) {
    return LoadResult{.residency = ResidencyOf(spec),
                      .start = LoadStart::kReady};
  }
  control.ReportProgress(0, spec.size_bytes);
  // Of a pipeline, its parts are loaded, not itself.
  const auto brought_in = [name, before](const HttpResponse& answer) {
    Names result = {name};
    for (std::string& part : local_ai::ReadLoadAnswer(answer.body)) {
      if (!before.contains(part)) result.insert(std::move(part));
    }
    return result;
  };
  const auto answer =
      loads_.Post(kLoad, Dump({{"model", name}}), is_cancelled,
                  [this, name, number, brought_in](const HttpResponse& late) {
                    GiveBack(name, number, brought_in(late));
                  });
  absl::Status status = [&] {
    WARMUP_RETURN_IF_ERROR(answer.status());
    WARMUP_RETURN_IF_ERROR(Judge(*answer, name));
    return AwaitShown(name, control);
  }();
  if (!status.ok()) {
    // (One that was left is given back when its answer comes.)
    if (answer.ok()) {
      GiveBack(name, number, brought_in(*answer));
    } else if (!absl::IsCancelled(status)) {
      GiveBack(name, number, {name});
    }
    return status;
  }
  control.ReportProgress(spec.size_bytes, spec.size_bytes);
  return LoadResult{.residency = ResidencyOf(spec)};
}

absl::Status LocalAiEngine::Judge(const HttpResponse& answer,
                                  const std::string& name) const {
  using enum absl::StatusCode;
  if (answer.status == 200) return absl::OkStatus();
  const std::string words = WordsOf(answer);
  // 503 with Retry-After, or 500 with nothing but words.
  if (answer.status == 503 || Says(words, "cooldown")) {
    return http_->ModelError(
        kUnavailable, "ENGINE_BUSY", name,
        absl::StrCat(
            words.empty() ? "its loads are refused for a while" : words,
            " (status ", answer.status, ")"),
        answer.retry_after > absl::ZeroDuration() ? answer.retry_after
                                                  : kCooldown);
  }
  if (answer.status == 404) {
    return http_->Error(kUnavailable, "ENGINE_FAILED",
                        absl::StrCat("there is no ", kLoad,
                                     ": this LocalAI is too old for loads"));
  }
  absl::Status status = StatusOf(*http_, answer, name);
  if (answer.status == 500 && !absl::IsResourceExhausted(status)) {
    return http_->ModelError(kFailedPrecondition, "MODEL_DAMAGED", name,
                             words.empty() ? "it cannot be loaded" : words,
                             std::nullopt);
  }
  return status;
}

absl::Status LocalAiEngine::AwaitShown(const std::string& name,
                                       LoadControl& control) {
  WARMUP_ASSIGN_OR_RETURN(const bool is_shown,
                          PollUntil(
                              options_.shown_within,
                              [&]() -> absl::StatusOr<bool> {
                                WARMUP_ASSIGN_OR_RETURN(const Names loaded,
                                                        Loaded(kLook));
                                return loaded.contains(name);
                              },
                              [&] { return !control.IsCancelled(); }));
  if (control.IsCancelled()) {
    return http_->ModelError(absl::StatusCode::kCancelled, "CANCELLED", name,
                             "cancelled", std::nullopt);
  }
  if (is_shown) return absl::OkStatus();
  return http_->ModelError(
      absl::StatusCode::kUnavailable, "LOAD_NOT_CONFIRMED", name,
      "it was said to be loaded, but is not among the loaded models",
      std::nullopt);
}

absl::Status LocalAiEngine::Unload(const ModelSpec& spec) {
  const std::string& name = NameInEngine(spec);
  WARMUP_RETURN_IF_ERROR(Identify(kList));
  WARMUP_ASSIGN_OR_RETURN(const Names loaded, Loaded(kList));
  return loaded.contains(name) ? Shutdown(name) : absl::OkStatus();
}

absl::Status LocalAiEngine::Shutdown(const std::string& name) {
  const auto in_use = [&](std::string_view what) {
    return http_->ModelError(
        absl::StatusCode::kFailedPrecondition, "MEMORY_IN_USE", name,
        absl::StrCat("it stays in memory: ", std::string(what)), std::nullopt);
  };
  const auto answer = http_->Post(kShutdown, Dump({{"model", name}}),
                                  {.timeout = options_.unload_timeout});
  if (absl::IsDeadlineExceeded(answer.status())) {
    return in_use("a request on it does not end");
  }
  WARMUP_RETURN_IF_ERROR(answer.status());
  const absl::Status status = StatusOf(*http_, *answer, name);
  WARMUP_ASSIGN_OR_RETURN(
      const bool is_gone,
      PollUntil(
          status.ok() ? options_.unload_timeout : absl::ZeroDuration(),
          [&]() -> absl::StatusOr<bool> {
            WARMUP_ASSIGN_OR_RETURN(const Names loaded, Loaded(kLook));
            return !loaded.contains(name);
          },
          [] { return true; }));
  // Whatever it answered: it may have gone by itself.
  if (is_gone) return absl::OkStatus();
  if (status.ok()) return in_use("it is still shown");
  const std::string words = WordsOf(*answer);
  return Says(words, "busy") ? in_use(words) : status;
}

absl::StatusOr<std::vector<Sighting>> LocalAiEngine::Look(
    const std::vector<ModelSpec>& specs) {
  WARMUP_RETURN_IF_ERROR(Identify(kLook));
  WARMUP_ASSIGN_OR_RETURN(const Names loaded, Loaded(kLook));
  std::vector<Sighting> sightings(specs.size());
  for (size_t i = 0; i < specs.size(); ++i) {
    if (!loaded.contains(NameInEngine(specs[i]))) continue;
    sightings[i].residency = ResidencyOf(specs[i]);
  }
  return sightings;
}

absl::Status LocalAiEngine::Identify(const HttpCall& call) {
  if (is_identified_) return absl::OkStatus();
  WARMUP_ASSIGN_OR_RETURN(std::string version, Identified(*http_, call));
  {
    MutexLock lock(mutex_);
    version_ = std::move(version);
  }
  is_identified_ = true;
  return absl::OkStatus();
}

absl::StatusOr<LocalAiEngine::Names> LocalAiEngine::Listed(
    const HttpCall& call) {
  return GetNames(kModels, &local_ai::ReadModels, call);
}

absl::StatusOr<LocalAiEngine::Names> LocalAiEngine::Loaded(
    const HttpCall& call) {
  return GetNames(kSystem, &local_ai::ReadLoaded, call);
}

absl::StatusOr<LocalAiEngine::Names> LocalAiEngine::GetNames(
    const char* path,
    absl::StatusOr<std::vector<std::string>> (*read)(std::string_view),
    const HttpCall& call) {
  const auto names = [&]() -> absl::StatusOr<std::vector<std::string>> {
    WARMUP_ASSIGN_OR_RETURN(const HttpResponse answer, http_->Get(path, call));
    WARMUP_RETURN_IF_ERROR(StatusOf(*http_, answer, ""));
    auto ids = read(answer.body);
    if (ids.ok()) return ids;
    return http_->Error(absl::StatusCode::kUnavailable,
                        "ENGINE_ANSWER_UNREADABLE",
                        absl::StrCat(path, ": ", ids.status().message()));
  }();
  if (!names.ok()) {
    // It may be another one when it is back.
    if (absl::IsUnavailable(names.status())) is_identified_ = false;
    return names.status();
  }
  return Names(names->begin(), names->end());
}

int64_t LocalAiEngine::Number(const std::string& name) {
  MutexLock lock(mutex_);
  return latest_[name] = ++loads_begun_;
}

void LocalAiEngine::GiveBack(const std::string& name, int64_t number,
                             const Names& brought_in) {
  {
    MutexLock lock(mutex_);
    if (latest_[name] != number) return;  // somebody wants it again
  }
  const auto loaded = Loaded(kLook);
  if (!loaded.ok()) return;  // gone itself
  for (const std::string& each : brought_in) {
    if (!loaded->contains(each)) continue;
    const absl::Status status = Shutdown(each);
    static_cast<void>(status);  // the load's own error says more
  }
}

}  // namespace warmup
