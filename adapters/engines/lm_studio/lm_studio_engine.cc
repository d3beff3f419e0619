#include "adapters/engines/lm_studio/lm_studio_engine.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "adapters/engines/http/answer_status.h"
#include "adapters/engines/http/json_answer.h"
#include "adapters/engines/http/poll_until.h"
#include "core/base/limits.h"
#include "core/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace warmup {
namespace {

using json_answer::Dump;
using lm_studio::ListedModel;

constexpr char kModels[] = "/api/v1/models";
constexpr char kLoad[] = "/api/v1/models/load";
constexpr char kUnload[] = "/api/v1/models/unload";
const HttpCall kLook = {.timeout = absl::Seconds(2)};
const HttpCall kList = {.timeout = absl::Seconds(10)};

Residency ResidencyOf(const ListedModel& model, const ModelSpec& spec) {
  if (model.instances.empty()) return {};
  const int64_t one = spec.size_bytes > 0 ? spec.size_bytes : model.size_bytes;
  const auto count = static_cast<int64_t>(model.instances.size());
  const int64_t bytes =
      one > limits::kMaxModelBytes / count ? one : one * count;
  return {Tier::kReady, bytes, bytes};
}

// What the model's listing tells and the spec leaves open.
void FillIn(const ListedModel& model, ModelSpec& spec) {
  spec.source = model.key;
  if (spec.size_bytes == 0) spec.size_bytes = model.size_bytes;
  spec.format = model.format;
  if (spec.architecture.empty()) spec.architecture = model.architecture;
  if (spec.context_length == 0) spec.context_length = model.context_length;
  if (spec.type == ModelType::kUnspecified && model.is_embedder) {
    spec.type = ModelType::kEmbedding;
  }
}

bool Has(const ListedModel& model, const std::string& instance) {
  return std::find(model.instances.begin(), model.instances.end(), instance) !=
         model.instances.end();
}

// OK if an LM Studio is there.
absl::Status Identified(HttpClient& http, const HttpCall& call) {
  const auto no = [&](std::string_view what) {
    return http.Error(absl::StatusCode::kFailedPrecondition, "NOT_LM_STUDIO",
                      absl::StrCat("is no LM Studio with the API v1: ", kModels,
                                   ": ", std::string(what)));
  };
  WARMUP_ASSIGN_OR_RETURN(const HttpResponse answer, http.Get(kModels, call));
  if (answer.status == 401 || answer.status == 403) {
    return StatusOf(http, answer, "");
  }
  if (answer.status != 200) return no(absl::StrCat("status ", answer.status));
  // Older ones answer what they do not know with 200 and an "error".
  const auto models = lm_studio::ReadModels(answer.body);
  if (!models.ok()) return no(std::string(models.status().message()));
  const bool has_keys =
      models->empty() ||
      std::any_of(models->begin(), models->end(),
                  [](const ListedModel& model) { return !model.key.empty(); });
  return has_keys ? absl::OkStatus() : no("its models have no \"key\"");
}

}  // namespace

LmStudioEngine::LmStudioEngine(std::unique_ptr<HttpClient> http,
                               Options options)
    : http_(std::move(http)),
      options_(std::move(options)),
      info_({.id = http_->engine(),
             .kind = "lm-studio",
             .endpoint = http_->endpoint(),
             .version = {},
             .abilities = kLmStudioAbilities}),
      loads_(*http_) {}

absl::StatusOr<std::string> LmStudioEngine::Probe(HttpClient& http) {
  WARMUP_RETURN_IF_ERROR(Identified(http, HttpCall()));
  return std::string();
}

absl::StatusOr<std::vector<ModelSpec>> LmStudioEngine::Discover() {
  WARMUP_RETURN_IF_ERROR(Identify(kList));
  WARMUP_ASSIGN_OR_RETURN(const Models models, Observe(kList));
  std::vector<ModelSpec> specs;
  for (const auto& [key, model] : models) {
    ModelSpec spec;
    spec.id = key;
    spec.engine = info_.id;
    FillIn(model, spec);
    if (const absl::Status fit = ValidateSpec(spec); fit.ok()) {
      specs.push_back(std::move(spec));
    } else {
      options_.on_skipped(key, fit);
    }
  }
  return specs;
}

absl::StatusOr<ModelSpec> LmStudioEngine::Describe(const ModelSpec& spec) {
  WARMUP_ASSIGN_OR_RETURN(const ListedModel model,
                          Find(NameInEngine(spec), kList));
  ModelSpec result = spec;
  FillIn(model, result);
  return result;
}

absl::StatusOr<LoadResult> LmStudioEngine::Load(const ModelSpec& spec,
                                                LoadControl& control) {
  const std::string& key = NameInEngine(spec);
  const auto is_cancelled = [&] { return control.IsCancelled(); };
  WARMUP_ASSIGN_OR_RETURN(
      ListedModel model,
      Find(key, {.timeout = kList.timeout, .is_cancelled = is_cancelled}));
  if (!model.instances.empty()) {
    return LoadResult{.residency = ResidencyOf(model, spec),
                      .start = LoadStart::kReady};
  }
  control.ReportProgress(0, model.size_bytes);
  const auto answer = loads_.Post(kLoad, Dump({{"model", key}}), is_cancelled,
                                  [this, key](const HttpResponse& late) {
                                    const auto instance =
                                        lm_studio::ReadInstance(late.body);
                                    if (instance.ok()) GiveBack(key, *instance);
                                  });
  if (!answer.ok()) {
    // Cut off, it may be there all the same; there was none before.
    if (!absl::IsCancelled(answer.status())) GiveBackAll(key);
    return answer.status();
  }
  WARMUP_ASSIGN_OR_RETURN(const std::string instance, Judge(*answer, key));
  absl::Status shown = AwaitShown(key, instance, control);
  if (!shown.ok()) {
    GiveBack(key, instance);
    return shown;
  }
  {
    MutexLock lock(mutex_);
    ours_[instance] = {key, absl::Now()};
    unloaded_.erase(key);
  }
  control.ReportProgress(model.size_bytes, model.size_bytes);
  model.instances = {instance};
  return LoadResult{.residency = ResidencyOf(model, spec)};
}

absl::StatusOr<std::string> LmStudioEngine::Judge(
    const HttpResponse& answer, const std::string& key) const {
  using enum absl::StatusCode;
  auto instance = lm_studio::ReadInstance(answer.body);
  if (answer.status == 200 && instance.ok()) return instance;
  const std::string words = WordsOf(answer);
  if (Says(words, "failed to load") && !Says(words, "memory")) {
    return http_->ModelError(kFailedPrecondition, "MODEL_DAMAGED", key, words,
                             std::nullopt);
  }
  WARMUP_RETURN_IF_ERROR(StatusOf(*http_, answer, key));
  if (!words.empty()) {
    return http_->ModelError(kUnavailable, "ENGINE_FAILED", key, words,
                             std::nullopt);
  }
  return http_->ModelError(
      kUnavailable, "ENGINE_ANSWER_UNREADABLE", key,
      absl::StrCat(kLoad, ": ", instance.status().message()), std::nullopt);
}

absl::Status LmStudioEngine::AwaitShown(const std::string& key,
                                        const std::string& instance,
                                        LoadControl& control) {
  WARMUP_ASSIGN_OR_RETURN(
      const bool is_shown,
      PollUntil(
          options_.shown_within,
          [&]() -> absl::StatusOr<bool> {
            WARMUP_ASSIGN_OR_RETURN(const Models models, Observe(kLook));
            const auto model = models.find(key);
            return model != models.end() && Has(model->second, instance);
          },
          [&] { return !control.IsCancelled(); }));
  if (control.IsCancelled()) {
    return http_->ModelError(absl::StatusCode::kCancelled, "CANCELLED", key,
                             "cancelled", std::nullopt);
  }
  if (is_shown) return absl::OkStatus();
  return http_->ModelError(
      absl::StatusCode::kUnavailable, "LOAD_NOT_CONFIRMED", key,
      "it was said to be loaded, but is not among the loaded instances",
      std::nullopt);
}

absl::Status LmStudioEngine::Unload(const ModelSpec& spec) {
  const std::string& key = NameInEngine(spec);
  WARMUP_ASSIGN_OR_RETURN(const Models models, Observe(kList));
  const auto model = models.find(key);
  if (model == models.end()) return absl::OkStatus();
  std::vector<std::string> instances;
  {
    MutexLock lock(mutex_);
    for (const std::string& instance : model->second.instances) {
      if (ours_.contains(instance)) instances.push_back(instance);
    }
  }
  if (instances.empty()) instances = model->second.instances;
  for (const std::string& instance : instances) {
    WARMUP_RETURN_IF_ERROR(UnloadInstance(key, instance));
  }
  return absl::OkStatus();
}

absl::Status LmStudioEngine::UnloadInstance(const std::string& key,
                                            const std::string& instance) {
  {
    MutexLock lock(mutex_);
    ours_.erase(instance);
  }
  WARMUP_ASSIGN_OR_RETURN(
      const HttpResponse answer,
      http_->Post(kUnload, Dump({{"instance_id", instance}}),
                  {.timeout = options_.unload_timeout}));
  const absl::Status status = StatusOf(*http_, answer, key);
  WARMUP_ASSIGN_OR_RETURN(
      const bool is_gone,
      PollUntil(
          status.ok() ? options_.unload_timeout : absl::ZeroDuration(),
          [&]() -> absl::StatusOr<bool> {
            WARMUP_ASSIGN_OR_RETURN(const Models models, Observe(kLook));
            const auto model = models.find(key);
            return model == models.end() || !Has(model->second, instance);
          },
          [] { return true; }));
  // Whatever it answered: somebody may have been faster.
  if (is_gone) return absl::OkStatus();
  WARMUP_RETURN_IF_ERROR(status);
  return http_->ModelError(
      absl::StatusCode::kFailedPrecondition, "MEMORY_IN_USE", key,
      absl::StrCat("its instance \"", instance, "\" stays in memory"),
      std::nullopt);
}

absl::StatusOr<std::vector<Sighting>> LmStudioEngine::Look(
    const std::vector<ModelSpec>& specs) {
  WARMUP_RETURN_IF_ERROR(Identify(kLook));
  WARMUP_ASSIGN_OR_RETURN(const Models models, Observe(kLook));
  std::vector<Sighting> sightings;
  sightings.reserve(specs.size());
  MutexLock lock(mutex_);
  for (const ModelSpec& spec : specs) {
    Sighting& sighting = sightings.emplace_back();
    const std::string& key = NameInEngine(spec);
    sighting.was_unloaded = unloaded_.erase(key) > 0;
    const auto model = models.find(key);
    if (model == models.end()) continue;
    sighting.residency = ResidencyOf(model->second, spec);
  }
  return sightings;
}

absl::StatusOr<LmStudioEngine::Models> LmStudioEngine::Observe(
    const HttpCall& call) {
  const absl::Time asked = absl::Now();
  const auto answer = http_->Get(kModels, call);
  const auto listed = [&]() -> absl::StatusOr<std::vector<ListedModel>> {
    WARMUP_RETURN_IF_ERROR(answer.status());
    WARMUP_RETURN_IF_ERROR(StatusOf(*http_, *answer, ""));
    auto models = lm_studio::ReadModels(answer->body);
    if (models.ok()) return models;
    return http_->Error(absl::StatusCode::kUnavailable,
                        "ENGINE_ANSWER_UNREADABLE",
                        absl::StrCat(kModels, ": ", models.status().message()));
  }();
  MutexLock lock(mutex_);
  if (!listed.ok()) {
    // It may be another one when it is back.
    if (absl::IsUnavailable(listed.status())) {
      is_identified_ = false;
      ours_.clear();
    }
    return listed.status();
  }
  Models models;
  for (const ListedModel& model : *listed) {
    models[model.key] = model;
  }
  NoteGone(models, asked);
  return models;
}

void LmStudioEngine::NoteGone(const Models& models, absl::Time asked) {
  std::vector<std::string> gone;
  for (const auto& [instance, own] : ours_) {
    const auto model = models.find(own.key);
    const bool is_there = model != models.end() && Has(model->second, instance);
    if (!is_there && own.since < asked) gone.push_back(instance);
  }
  for (const std::string& instance : gone) {
    const auto own = ours_.find(instance);
    // What we load has no time to live, so somebody unloaded it. Several at
    // once are a restart.
    if (gone.size() == 1) unloaded_.insert(own->second.key);
    ours_.erase(own);
  }
}

absl::Status LmStudioEngine::Identify(const HttpCall& call) {
  if (is_identified_) return absl::OkStatus();
  WARMUP_RETURN_IF_ERROR(Identified(*http_, call));
  is_identified_ = true;
  return absl::OkStatus();
}

absl::StatusOr<ListedModel> LmStudioEngine::Find(const std::string& key,
                                                 const HttpCall& call) {
  WARMUP_RETURN_IF_ERROR(Identify(call));
  WARMUP_ASSIGN_OR_RETURN(const Models models, Observe(call));
  const auto model = models.find(key);
  if (model != models.end()) return model->second;
  return http_->ModelError(absl::StatusCode::kNotFound, "MODEL_NOT_FOUND", key,
                           "it is not among its models", std::nullopt);
}

void LmStudioEngine::GiveBack(const std::string& key,
                              const std::string& instance) {
  const absl::Status status = UnloadInstance(key, instance);
  static_cast<void>(status);
}

void LmStudioEngine::GiveBackAll(const std::string& key) {
  const auto models = Observe(kLook);
  if (!models.ok()) return;  // gone itself
  const auto model = models->find(key);
  if (model == models->end()) return;
  for (const std::string& instance : model->second.instances) {
    GiveBack(key, instance);
  }
}

}  // namespace warmup
