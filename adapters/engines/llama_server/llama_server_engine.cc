#include "adapters/engines/llama_server/llama_server_engine.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "adapters/engines/http/endpoint.h"
#include "adapters/engines/http/json_answer.h"
#include "adapters/engines/llama_server/model_file.h"
#include "adapters/engines/llama_server/processes.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace warmup {
namespace {

using llama_server::Activity;
using llama_server::ActivitySource;
using llama_server::FindModel;
using llama_server::IsUp;
using llama_server::ListedModel;
using llama_server::Listing;
using llama_server::ModelFileReader;
using llama_server::ModelIndex;
using llama_server::ModelStatus;
using llama_server::View;

const HttpCall kLook = {.timeout = absl::Seconds(2)};
const HttpCall kList = {.timeout = absl::Seconds(5)};
// A model that works on a long prompt answers no questions meanwhile.
constexpr absl::Duration kAskTimeout = absl::Milliseconds(500);

// What the activity of a model that is listed as up says of it. An error is
// about the engine.
absl::Status Judge(const absl::StatusOr<Activity>& activity,
                   Sighting& sighting) {
  const std::string reason = GetErrorDetails(activity.status()).reason;
  if (activity.ok()) {
    sighting.is_busy = activity->is_busy;
  } else if (absl::IsDeadlineExceeded(activity.status())) {
    sighting.is_busy = true;
  } else if (reason == "MODEL_SILENT" || reason == "MODEL_NOT_FOUND" ||
             reason == "ENGINE_BUSY" || reason == "ENGINE_FAILED") {
    sighting.residency.tier = Tier::kCold;
  } else {
    return activity.status();
  }
  return absl::OkStatus();
}

}  // namespace

LlamaServerEngine::LlamaServerEngine(std::unique_ptr<HttpClient> http,
                                     Options options)
    : http_(std::move(http)),
      options_(std::move(options)),
      is_local_(ParseEndpoint(http_->endpoint()).value_or(Endpoint()).is_local),
      api_(*http_),
      info_({.id = http_->engine(),
             .kind = "llama-server",
             .endpoint = http_->endpoint(),
             .version = {},
             .abilities = {.shows_use = true}}) {}

absl::StatusOr<std::string> LlamaServerEngine::Probe(HttpClient& http) {
  WARMUP_ASSIGN_OR_RETURN(const llama_server::Props props,
                          llama_server::LlamaServerApi(http).Probe());
  return props.version;
}

EngineInfo LlamaServerEngine::info() const {
  MutexLock lock(mutex_);
  return info_;
}

absl::StatusOr<std::vector<ModelSpec>> LlamaServerEngine::Discover() {
  WARMUP_RETURN_IF_ERROR(Identify());
  WARMUP_ASSIGN_OR_RETURN(const Listing listing, List(kList));
  std::vector<ModelSpec> specs;
  ModelFileReader reader;
  for (const ListedModel& model : listing.models) {
    if (!listing.is_router && model.status == ModelStatus::kLoading) {
      return http_->Error(absl::StatusCode::kUnavailable, "ENGINE_BUSY",
                          "it is still loading its model");
    }
    ModelSpec spec;
    spec.id = model.id;
    spec.engine = http_->engine();
    spec.source = model.id;
    spec.size_bytes = model.weight_bytes;
    spec.format = "gguf";
    if (model.is_embedder) spec.type = ModelType::kEmbedding;
    if (model.is_reranker) spec.type = ModelType::kRerank;
    if (const absl::Status fit = ValidateSpec(spec); !fit.ok()) {
      options_.on_skipped(model.id, fit);
      continue;
    }
    if (is_local_) {
      spec.size_bytes = reader.ReadBytes(model).value_or(spec.size_bytes);
    }
    specs.push_back(std::move(spec));
  }
  return specs;
}

absl::StatusOr<ModelSpec> LlamaServerEngine::Describe(const ModelSpec& spec) {
  WARMUP_RETURN_IF_ERROR(Identify());
  WARMUP_ASSIGN_OR_RETURN(const ListedModel model,
                          FindListed(NameInEngine(spec), kList));
  ModelSpec result = spec;
  result.source = NameInEngine(spec);
  result.format = "gguf";
  if (model.weight_bytes > 0) result.size_bytes = model.weight_bytes;
  // The engine is the judge of a file that is damaged.
  ModelFileReader reader;
  ModelHeader header;
  if (is_local_) {
    result.size_bytes = reader.ReadBytes(model).value_or(result.size_bytes);
    header = reader.ReadHeader(model).value_or(ModelHeader());
  }
  if (result.architecture.empty()) result.architecture = header.architecture;
  if (header.context_length == 0) header.context_length = model.context_length;
  if (result.context_length == 0) {
    result.context_length = header.context_length;
  }
  if (result.type == ModelType::kUnspecified) {
    result.type = model.is_embedder   ? ModelType::kEmbedding
                  : model.is_reranker ? ModelType::kRerank
                                      : header.type;
  }
  if (header.parameter_count > 0) {
    result.labels.emplace("parameters", std::to_string(header.parameter_count));
  }
  return result;
}

absl::StatusOr<std::vector<Sighting>> LlamaServerEngine::Look(
    const std::vector<ModelSpec>& specs) {
  WARMUP_RETURN_IF_ERROR(Identify());
  View view = {.asked = absl::Now(), .models = {}};
  WARMUP_ASSIGN_OR_RETURN(const Listing listing, List(kLook));
  const ModelIndex index(listing);
  std::map<std::string, absl::StatusOr<Activity>> activities;  // by id
  std::vector<Sighting> sightings;
  sightings.reserve(specs.size());
  for (const ModelSpec& spec : specs) {
    Sighting& sighting = sightings.emplace_back();
    const ListedModel* model = index.Find(NameInEngine(spec));
    if (model == nullptr) continue;
    sighting.residency = Measure(*model, spec);
    sighting.is_loading = model->status == ModelStatus::kLoading;
    if (!IsUp(*model)) continue;
    auto known = activities.find(model->id);
    if (known == activities.end()) {
      if (!BeginQuestion(model->id)) {
        sighting.residency.tier = Tier::kCold;  // we are unloading it
        continue;
      }
      auto activity = Ask(*model, listing.is_router, kLook);
      EndQuestion(model->id);
      known = activities.emplace(model->id, std::move(activity)).first;
    }
    WARMUP_RETURN_IF_ERROR(Judge(known->second, sighting));
  }
  for (const ListedModel& model : listing.models) {
    const auto known = activities.find(model.id);
    view.models.push_back({.id = model.id,
                           .status = model.status,
                           .has_failed = model.has_failed,
                           .port = model.port,
                           .activity = {}});
    if (known == activities.end()) continue;
    if (known->second.ok()) view.models.back().activity = *known->second;
    view.models.back().is_silent =
        GetErrorDetails(known->second.status()).reason == "MODEL_SILENT";
  }
  MutexLock lock(mutex_);
  watch_.Observe(view);
  for (size_t i = 0; i < specs.size(); ++i) {
    const ListedModel* model = index.Find(NameInEngine(specs[i]));
    if (model == nullptr) continue;
    sightings[i].uses = watch_.TakeUses(model->id);
    sightings[i].was_unloaded = watch_.TakeUnloaded(model->id);
  }
  return sightings;
}

absl::Status LlamaServerEngine::Identify() {
  if (is_identified_) return absl::OkStatus();
  WARMUP_ASSIGN_OR_RETURN(const llama_server::Props props, api_.Probe());
  {
    MutexLock lock(mutex_);
    info_.version = props.version;
    info_.max_models = props.max_models;
    SetRole(props.is_router);
  }
  is_identified_ = true;
  return absl::OkStatus();
}

void LlamaServerEngine::SetRole(bool is_router) {
  info_.abilities.can_load = is_router;
  info_.abilities.can_unload = is_router;
  info_.abilities.shows_memory = is_router && is_local_;
}

absl::StatusOr<Listing> LlamaServerEngine::List(const HttpCall& call) {
  auto listing = api_.List(call);
  MutexLock lock(mutex_);
  if (listing.ok()) {
    if (!listing->version.empty()) info_.version = listing->version;
    SetRole(listing->is_router);
  } else if (absl::IsUnavailable(listing.status())) {
    // It may be another one when it is back.
    watch_.Forget();
    children_.clear();
    is_identified_ = false;
  }
  return listing;
}

absl::StatusOr<ListedModel> LlamaServerEngine::FindListed(
    const std::string& name, const HttpCall& call) {
  WARMUP_ASSIGN_OR_RETURN(const Listing listing, List(call));
  const ListedModel* model = FindModel(listing, name);
  if (model != nullptr) return *model;
  return api_.ModelError(absl::StatusCode::kNotFound, "MODEL_NOT_FOUND", name,
                         "it is not among the models that are listed");
}

absl::StatusOr<Activity> LlamaServerEngine::Ask(const ListedModel& model,
                                                bool is_router,
                                                const HttpCall& call) {
  const HttpCall ask = {.timeout = kAskTimeout,
                        .is_cancelled = call.is_cancelled};
  Child child = FindChild(model);
  auto activity = api_.Ask(model.id, child.source, ask);
  while (absl::IsUnimplemented(activity.status()) &&
         child.source != ActivitySource::kNone) {
    // Only a router tells whether a model sleeps when it is idle.
    child.source = child.source == ActivitySource::kMetrics && is_router &&
                           !model.may_sleep
                       ? ActivitySource::kSlots
                       : ActivitySource::kNone;
    activity = api_.Ask(model.id, child.source, ask);
  }
  MutexLock lock(mutex_);
  children_[model.id].source = child.source;
  info_.abilities.shows_use = child.source != ActivitySource::kNone;
  return activity;
}

Residency LlamaServerEngine::Measure(const ListedModel& model,
                                     const ModelSpec& spec) {
  const int64_t weights =
      model.weight_bytes > 0 ? model.weight_bytes : spec.size_bytes;
  Residency residency = {.total_bytes = weights};
  if (!IsUp(model)) return residency;
  residency.resident_bytes = ProcessBytes(model);
  if (model.status != ModelStatus::kLoaded) return residency;
  residency.tier = Tier::kReady;
  // What a process has in a GPU does not show in it.
  if (residency.resident_bytes == 0 || (spec.device != "host" && weights > 0)) {
    residency.resident_bytes = weights;
  }
  residency.total_bytes = std::max(weights, residency.resident_bytes);
  return residency;
}

int64_t LlamaServerEngine::ProcessBytes(const ListedModel& model) {
  if (!is_local_ || model.command.empty()) return 0;
  Child child = FindChild(model);
  if (!child.pid.has_value()) {
    child.pid = llama_server::FindProcess(model.command).value_or(-1);
    MutexLock lock(mutex_);
    children_[model.id].pid = child.pid;
  }
  if (*child.pid < 0) return 0;
  return llama_server::ResidentBytes(*child.pid, model.command).value_or(0);
}

bool LlamaServerEngine::BeginQuestion(const std::string& id) {
  MutexLock lock(mutex_);
  if (watch_.IsUnloading(id)) return false;
  ++questions_[id];
  return true;
}

void LlamaServerEngine::EndQuestion(const std::string& id) {
  MutexLock lock(mutex_);
  const auto it = questions_.find(id);
  if (--it->second == 0) questions_.erase(it);
  question_ended_.NotifyAll();
}

LlamaServerEngine::Child LlamaServerEngine::FindChild(
    const ListedModel& model) {
  MutexLock lock(mutex_);
  if (children_.size() > json_answer::kMaxListed) children_.clear();
  Child& child = children_[model.id];
  if (child.port != model.port) child = Child{.port = model.port, .pid = {}};
  return child;
}

}  // namespace warmup
