#include "adapters/engines/llama_swap/llama_swap_engine.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "adapters/engines/http/endpoint.h"
#include "adapters/engines/http/json_answer.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace warmup {
namespace {

using llama_swap::ListedModel;
using llama_swap::ProcessState;
using llama_swap::RunningModel;

const HttpCall kLook = {.timeout = absl::Seconds(2)};
const HttpCall kList = {.timeout = absl::Seconds(5)};
// A listing that is taken for the present one: a catalogue is described model
// by model.
constexpr absl::Duration kListingAge = absl::Seconds(2);
// How long after its answer a load may show, and an unload not yet.
constexpr absl::Duration kShownWithin = absl::Milliseconds(500);
// How long after others have stopped for it a model may start.
constexpr absl::Duration kSwapGap = absl::Milliseconds(300);
constexpr absl::Duration kShortPause = absl::Milliseconds(5);
constexpr absl::Duration kLongPause = absl::Milliseconds(100);
// How old a measurement of memory may be.
constexpr absl::Duration kMeasurementAge = absl::Minutes(1);

const RunningModel* Find(const std::vector<RunningModel>& running,
                         std::string_view name) {
  const auto it = std::find_if(
      running.begin(), running.end(),
      [&](const RunningModel& model) { return model.name == name; });
  return it == running.end() ? nullptr : &*it;
}

bool IsShown(const RunningModel* model, ProcessState state) {
  return model != nullptr && model->state == state;
}

void Pause(absl::Duration& pause) {
  absl::SleepFor(pause);
  pause = std::min(2 * pause, kLongPause);
}

}  // namespace

LlamaSwapEngine::LlamaSwapEngine(std::unique_ptr<HttpClient> http,
                                 Options options)
    : http_(std::move(http)),
      options_(std::move(options)),
      info_({.id = http_->engine(),
             .kind = "llama-swap",
             .endpoint = http_->endpoint(),
             .version = {},
             .abilities = {.can_load = true, .can_unload = true}}),
      is_on_this_host_(ParseEndpoint(http_->endpoint())->is_local),
      api_(*http_),
      memory_({}),
      feed_(*http_) {}

absl::StatusOr<std::string> LlamaSwapEngine::Probe(HttpClient& http) {
  return llama_swap::LlamaSwapApi(http).Probe();
}

EngineInfo LlamaSwapEngine::info() const {
  EngineInfo info = info_;
  info.abilities.shows_use = feed_.ShowsUse();
  MutexLock lock(mutex_);
  info.version = version_;
  info.abilities.shows_memory =
      std::any_of(measured_.begin(), measured_.end(),
                  [](const auto& model) { return model.second.bytes > 0; });
  return info;
}

absl::StatusOr<std::vector<ModelSpec>> LlamaSwapEngine::Discover() {
  WARMUP_RETURN_IF_ERROR(Identify());
  WARMUP_RETURN_IF_ERROR(List(kList));
  std::vector<ListedModel> models;
  {
    MutexLock lock(mutex_);
    for (const auto& [name, model] : listed_) models.push_back(model);
  }
  std::vector<ModelSpec> specs;
  for (const ListedModel& model : models) {
    ModelSpec spec;
    spec.id = model.name;
    spec.engine = info_.id;
    spec.source = model.name;
    spec.context_length = model.context_length;
    if (model.is_reranker) spec.type = ModelType::kRerank;
    absl::Status fit = ValidateSpec(spec);
    if (model.kind == ListedModel::Kind::kRemote) {
      fit = absl::FailedPreconditionError("it runs on another machine");
    } else if (model.kind == ListedModel::Kind::kStandIn) {
      fit = absl::FailedPreconditionError("it stands for other models");
    }
    if (fit.ok()) {
      specs.push_back(std::move(spec));
    } else {
      options_.on_skipped(model.name, fit);
    }
  }
  return specs;
}

absl::StatusOr<ModelSpec> LlamaSwapEngine::Describe(const ModelSpec& spec) {
  const std::string& name = NameInEngine(spec);
  const absl::Time not_before = absl::Now() - kListingAge;
  bool is_listed = false;
  {
    MutexLock lock(mutex_);
    is_listed = listed_at_ >= not_before;
  }
  if (!is_listed) WARMUP_RETURN_IF_ERROR(List(kList));
  const std::string model = Resolve(name);
  MutexLock lock(mutex_);
  const auto it = listed_.find(model);
  if (it == listed_.end()) {
    return api_.ModelError(absl::StatusCode::kNotFound, "MODEL_NOT_FOUND", name,
                           "it is not listed");
  }
  ModelSpec result = spec;
  result.source = name;
  if (result.context_length == 0) {
    result.context_length = it->second.context_length;
  }
  if (result.type == ModelType::kUnspecified && it->second.is_reranker) {
    result.type = ModelType::kRerank;
  }
  return result;
}

absl::StatusOr<LoadResult> LlamaSwapEngine::Load(const ModelSpec& spec,
                                                 LoadControl& control) {
  const HttpCall call = {.timeout = absl::InfiniteDuration(),
                         .is_cancelled = [&] { return control.IsCancelled(); }};
  WARMUP_ASSIGN_OR_RETURN(const std::string name,
                          Learn(NameInEngine(spec), call));
  WARMUP_ASSIGN_OR_RETURN(const Running running, Observe(call));
  const RunningModel* before = Find(running, name);
  if (IsShown(before, ProcessState::kReady)) {
    control.ReportProgress(spec.size_bytes, spec.size_bytes);
    return LoadResult{.residency = ResidencyOf(*before, spec, kMeasurementAge),
                      .start = LoadStart::kReady};
  }
  const bool is_ours = !IsShown(before, ProcessState::kStarting);
  control.ReportProgress(0, spec.size_bytes);
  const int64_t arrivals = feed_.ArrivalCount(name);
  const absl::StatusOr<HttpResponse> answer = api_.Load(name, call);
  // Whatever it says of its health: not every server has that path.
  const bool is_told = answer.ok() && answer->status < 300;
  const absl::StatusOr<RunningModel> after =
      answer.ok() ? Confirm(name, is_told, call)
                  : absl::StatusOr<RunningModel>(answer.status());
  if (!after.ok() && answer.ok() && !is_told) {
    // A load that has failed leaves nothing; what there is now is another's.
    return api_.LoadError(*answer, name);
  }
  if (!after.ok()) {
    if (is_ours) TakeBack(name, arrivals);
    return after.status();
  }
  const Residency residency = ResidencyOf(*after, spec, absl::ZeroDuration());
  control.ReportProgress(residency.total_bytes, residency.total_bytes);
  // One that others began tells nothing of how long a load takes.
  return LoadResult{.residency = residency,
                    .start = is_ours ? LoadStart::kUnknown : LoadStart::kReady};
}

absl::Status LlamaSwapEngine::Unload(const ModelSpec& spec) {
  WARMUP_ASSIGN_OR_RETURN(const std::string name,
                          Learn(NameInEngine(spec), kLook));
  WARMUP_ASSIGN_OR_RETURN(const Running running, Observe(kLook));
  if (Find(running, name) == nullptr) return absl::OkStatus();
  if (!feed_.AwaitIdle(name, options_.unload_timeout)) {
    return api_.ModelError(
        absl::StatusCode::kFailedPrecondition, "MEMORY_IN_USE", name,
        "a request on it has not ended, or cannot be seen to have");
  }
  return UnloadNow(name);
}

absl::StatusOr<std::vector<Sighting>> LlamaSwapEngine::Look(
    const std::vector<ModelSpec>& specs) {
  WARMUP_RETURN_IF_ERROR(Identify());
  WARMUP_ASSIGN_OR_RETURN(const Running running, Observe(kLook));
  feed_.Wake(/*is_another_server=*/false);
  std::map<std::string_view, const RunningModel*> by_name;
  for (const RunningModel& model : running) {
    by_name[model.name] = &model;
    feed_.SetTtl(model.name, model.ttl);
  }
  std::vector<Sighting> sightings;
  sightings.reserve(specs.size());
  for (const ModelSpec& spec : specs) {
    Sighting& sighting = sightings.emplace_back();
    const std::string name = Resolve(NameInEngine(spec));
    const llama_swap::Feed::Sight sight = feed_.Look(name);
    sighting.uses = sight.uses;
    sighting.is_busy = sight.is_busy;
    const auto it = by_name.find(name);
    if (it == by_name.end()) {
      sighting.was_unloaded = sight.was_unloaded;
    } else if (it->second->state == ProcessState::kReady) {
      sighting.residency = ResidencyOf(*it->second, spec, kMeasurementAge);
    } else {
      sighting.is_loading = it->second->state == ProcessState::kStarting;
    }
  }
  return sightings;
}

absl::Status LlamaSwapEngine::List(const HttpCall& call) {
  WARMUP_ASSIGN_OR_RETURN(std::vector<ListedModel> models, api_.Models(call));
  std::map<std::string, ListedModel, std::less<>> listed;
  std::map<std::string, std::string, std::less<>> aliases;
  for (ListedModel& model : models) {
    if (model.name.empty()) continue;
    for (const std::string& alias : model.aliases) aliases[alias] = model.name;
    std::string name = model.name;
    listed[std::move(name)] = std::move(model);
  }
  MutexLock lock(mutex_);
  listed_ = std::move(listed);
  aliases_ = std::move(aliases);
  listed_at_ = absl::Now();
  return absl::OkStatus();
}

std::string LlamaSwapEngine::Resolve(const std::string& name) const {
  MutexLock lock(mutex_);
  const auto it = aliases_.find(name);
  return it == aliases_.end() ? name : it->second;
}

absl::StatusOr<std::string> LlamaSwapEngine::Learn(const std::string& name,
                                                   const HttpCall& call) {
  bool is_known = false;
  {
    MutexLock lock(mutex_);
    is_known = listed_.contains(name) || aliases_.contains(name);
  }
  if (!is_known) WARMUP_RETURN_IF_ERROR(List(call));
  return Resolve(name);
}

absl::Status LlamaSwapEngine::Identify() {
  if (is_identified_) return absl::OkStatus();
  WARMUP_ASSIGN_OR_RETURN(std::string version, api_.Probe());
  WARMUP_RETURN_IF_ERROR(List(kLook));
  {
    MutexLock lock(mutex_);
    version_ = std::move(version);
  }
  feed_.Wake(/*is_another_server=*/true);
  is_identified_ = true;
  return absl::OkStatus();
}

absl::StatusOr<LlamaSwapEngine::Running> LlamaSwapEngine::Observe(
    const HttpCall& call) {
  auto running = api_.Running(call);
  // It may be another one when it is back.
  if (absl::IsUnavailable(running.status())) is_identified_ = false;
  return running;
}

absl::StatusOr<RunningModel> LlamaSwapEngine::Confirm(const std::string& name,
                                                      bool is_told,
                                                      const HttpCall& call) {
  const absl::Time start = absl::Now();
  absl::Duration pause = kShortPause;
  for (;;) {
    WARMUP_ASSIGN_OR_RETURN(const Running running, Observe(call));
    const RunningModel* model = Find(running, name);
    if (IsShown(model, ProcessState::kReady)) return *model;
    const bool may_come = IsShown(model, ProcessState::kStarting) ||
                          absl::Now() - start <= kShownWithin;
    if (!is_told || !may_come) {
      return api_.ModelError(
          absl::StatusCode::kUnavailable, "LOAD_NOT_CONFIRMED", name,
          "it was said to be loaded, but is not among the running models");
    }
    Pause(pause);
  }
}

void LlamaSwapEngine::TakeBack(const std::string& name, int64_t arrivals) {
  absl::Time quiet_since = absl::Now();
  const absl::Time deadline = quiet_since + options_.unload_timeout;
  absl::Duration pause = kShortPause;
  for (;;) {
    const auto running = Observe(kLook);
    if (!running.ok()) return;  // gone itself
    if (feed_.IsWanted(name, arrivals)) return;
    const RunningModel* model = Find(*running, name);
    if (model != nullptr && model->state != ProcessState::kStopping) {
      const absl::Status gone = UnloadNow(name);
      static_cast<void>(gone);  // the load's own error says more
      return;
    }
    const absl::Time now = absl::Now();
    // While others stop it may be for ours, which starts then.
    if (std::any_of(running->begin(), running->end(),
                    [](const RunningModel& other) {
                      return other.state == ProcessState::kStopping;
                    })) {
      quiet_since = now;
    }
    if (now - quiet_since >= kSwapGap || now >= deadline) return;
    Pause(pause);
  }
}

absl::Status LlamaSwapEngine::UnloadNow(const std::string& name) {
  feed_.GiveUp(name);
  absl::Status status = api_.Unload(name, {.timeout = options_.unload_timeout});
  if (!status.ok() && !absl::IsNotFound(status)) return status;
  const absl::Time deadline = absl::Now() + kShownWithin;
  absl::Duration pause = kShortPause;
  for (;;) {
    WARMUP_ASSIGN_OR_RETURN(const Running running, Observe(kLook));
    if (Find(running, name) == nullptr) return absl::OkStatus();
    if (absl::Now() >= deadline) {
      return api_.ModelError(absl::StatusCode::kFailedPrecondition,
                             "MEMORY_IN_USE", name,
                             "it was unloaded, and is running again");
    }
    Pause(pause);
  }
}

Residency LlamaSwapEngine::ResidencyOf(const RunningModel& model,
                                       const ModelSpec& spec,
                                       absl::Duration age) {
  int64_t bytes = 0;
  // What a process has on another device is not told.
  if (spec.device == "host") bytes = MemoryOf(model, age);
  if (bytes == 0) bytes = spec.size_bytes;
  return {Tier::kReady, bytes, bytes};
}

int64_t LlamaSwapEngine::MemoryOf(const RunningModel& model,
                                  absl::Duration age) {
  if (!is_on_this_host_ || model.port == 0) return 0;
  const absl::Time now = absl::Now();
  {
    MutexLock lock(mutex_);
    const auto it = measured_.find(model.name);
    if (it != measured_.end() && it->second.port == model.port &&
        now - it->second.at < age) {
      return it->second.bytes;
    }
  }
  const int64_t bytes = memory_.BytesBehindPort(model.port).value_or(0);
  MutexLock lock(mutex_);
  if (measured_.size() > json_answer::kMaxListed) measured_.clear();
  measured_[model.name] = {.port = model.port, .bytes = bytes, .at = now};
  return bytes;
}

}  // namespace warmup
