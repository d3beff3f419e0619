#include "adapters/engines/ollama/ollama_engine.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace warmup {
namespace {

using ollama::FullName;
using ollama::ListedModel;
using ollama::RunningModel;
using ollama::View;

const HttpCall kLook = {.timeout = kOllamaLookTimeout};
// Reads every manifest, or the header of a file.
const HttpCall kList = {.timeout = absl::Seconds(10)};
// A listing that Describe takes for the present one: a catalogue is described
// model by model.
constexpr absl::Duration kListingAge = absl::Seconds(2);
// A model that others loaded, and that stays for longer, is ready.
constexpr absl::Duration kStaysFor = absl::Seconds(30);

// What comes back to the model's device by unloading it.
Residency ResidencyOf(const RunningModel& model, const ModelSpec& spec,
                      int64_t file_bytes) {
  int64_t bytes = model.size_bytes;
  if (spec.device != "host" && model.vram_bytes > 0) bytes = model.vram_bytes;
  if (bytes == 0) bytes = file_bytes;
  return {Tier::kReady, bytes, bytes};
}

// Whether Ollama may still be at it although our call has ended.
bool MayGoOn(const absl::Status& status) {
  return absl::IsCancelled(status) || absl::IsDeadlineExceeded(status) ||
         GetErrorDetails(status).reason == "ENGINE_ANSWER_CUT";
}

}  // namespace

// While one lives, what happens to the model counts as done by us.
class OllamaEngine::OwnCall {
 public:
  OwnCall(OllamaEngine& engine, std::string name)
      : engine_(engine), name_(std::move(name)) {
    MutexLock lock(engine_.mutex_);
    engine_.watch_.BeginOwnCall(name_);
  }
  ~OwnCall() {
    MutexLock lock(engine_.mutex_);
    engine_.watch_.EndOwnCall(name_, expires_at_, engine_.book_);
  }
  OwnCall(const OwnCall&) = delete;
  OwnCall& operator=(const OwnCall&) = delete;

  // The call has been answered just now.
  void HasSet(absl::Duration keep_alive) {
    expires_at_ = absl::Now() + keep_alive;
  }

 private:
  OllamaEngine& engine_;
  const std::string name_;
  absl::Time expires_at_ = absl::InfinitePast();
};

OllamaEngine::OllamaEngine(std::unique_ptr<HttpClient> http, Options options)
    : http_(std::move(http)),
      options_(std::move(options)),
      info_({.id = http_->engine(),
             .kind = "ollama",
             .endpoint = http_->endpoint(),
             .version = {},
             .abilities = kOllamaAbilities}),
      api_(*http_) {}

absl::StatusOr<std::string> OllamaEngine::Probe(HttpClient& http) {
  return ollama::OllamaApi(http).Probe();
}

absl::StatusOr<std::vector<ModelSpec>> OllamaEngine::Discover() {
  WARMUP_RETURN_IF_ERROR(Identify());
  WARMUP_ASSIGN_OR_RETURN(const std::vector<ListedModel> models,
                          List(absl::InfiniteFuture(), kList));
  std::vector<ModelSpec> specs;
  for (const ListedModel& model : models) {
    if (model.is_remote) {
      options_.on_skipped(model.name, absl::FailedPreconditionError(
                                          "it runs on another machine"));
      continue;
    }
    ModelSpec spec;
    spec.id = model.name;
    spec.engine = info_.id;
    spec.source = model.name;
    spec.size_bytes = model.size_bytes;
    spec.format = model.format;
    spec.architecture = model.family;
    if (model.is_embedder) spec.type = ModelType::kEmbedding;
    if (const absl::Status fit = ValidateSpec(spec); fit.ok()) {
      specs.push_back(std::move(spec));
    } else {
      options_.on_skipped(model.name, fit);
    }
  }
  return specs;
}

absl::StatusOr<ModelSpec> OllamaEngine::Describe(const ModelSpec& spec) {
  const std::string& name = NameInEngine(spec);
  WARMUP_RETURN_IF_ERROR(List(absl::Now() - kListingAge, kList).status());
  WARMUP_ASSIGN_OR_RETURN(const ollama::ModelMetadata metadata,
                          api_.Show(name, kList));
  const Known known = FindKnown(name).value_or(Known{});
  {
    MutexLock lock(mutex_);
    book_.SetBlob(name, metadata.blob);
  }
  ModelSpec result = spec;
  result.source = name;
  if (known.size_bytes > 0) result.size_bytes = known.size_bytes;
  result.peak_bytes = ollama::EstimateReadyBytes(metadata, result.size_bytes);
  result.format = known.format;
  if (result.architecture.empty()) {
    result.architecture = metadata.architecture;
  }
  if (result.context_length == 0) {
    result.context_length = metadata.context_length;
  }
  if (result.type == ModelType::kUnspecified && metadata.is_embedder) {
    result.type = ModelType::kEmbedding;
  }
  if (metadata.parameter_count > 0) {
    result.labels.emplace("parameters",
                          std::to_string(metadata.parameter_count));
  }
  return result;
}

absl::StatusOr<LoadResult> OllamaEngine::Load(const ModelSpec& spec,
                                              LoadControl& control) {
  const std::string& name = NameInEngine(spec);
  const HttpCall call = {.timeout = absl::InfiniteDuration(),
                         .is_cancelled = [&] { return control.IsCancelled(); }};
  if (!FindKnown(name).has_value()) {
    WARMUP_RETURN_IF_ERROR(List(absl::InfiniteFuture(), call).status());
  }
  const Known known = FindKnown(name).value_or(
      Known{.size_bytes = spec.size_bytes,
            .is_embedder = spec.type == ModelType::kEmbedding});
  WARMUP_ASSIGN_OR_RETURN(const View view, Observe(call));
  const std::optional<Found> before = FindIn(view, name);
  const bool is_ours = !before.has_value() || before->is_ours;
  control.ReportProgress(0, known.size_bytes);
  if (!is_ours && Stays(before->model, view.answered)) {
    control.ReportProgress(known.size_bytes, known.size_bytes);
    return LoadResult{
        .residency = ResidencyOf(before->model, spec, known.size_bytes),
        .start = LoadStart::kReady};
  }
  const std::optional<Residency> weights =
      before.has_value() ? std::nullopt : MeasureWeights(name, call);
  OwnCall own(*this, name);
  const absl::Status status = api_.Load(
      name, known.is_embedder,
      is_ours ? std::make_optional(kOllamaKeepAlive) : std::nullopt, call);
  if (is_ours) own.HasSet(kOllamaKeepAlive);
  const absl::StatusOr<Found> after =
      status.ok() ? Confirm(name, before) : absl::StatusOr<Found>(status);
  if (!after.ok()) {
    if (!before.has_value()) {
      TakeBack(name, MayGoOn(after.status()) ? kOllamaAbortTime
                                             : absl::ZeroDuration());
    }
    return after.status();
  }
  if (is_ours) {
    MutexLock lock(mutex_);
    watch_.TakeOver(after->model.name);
  }
  control.ReportProgress(known.size_bytes, known.size_bytes);
  LoadResult result = {.residency =
                           ResidencyOf(after->model, spec, known.size_bytes)};
  if (before.has_value()) {
    result.start = LoadStart::kReady;
  } else if (weights.has_value()) {
    result.read_bytes = weights->total_bytes - weights->resident_bytes;
    result.start = StartOf(result.read_bytes, weights->total_bytes);
  }
  return result;
}

absl::Status OllamaEngine::Unload(const ModelSpec& spec) {
  const std::string& name = NameInEngine(spec);
  WARMUP_ASSIGN_OR_RETURN(const View view, Observe(kList));
  const std::optional<Found> found = FindIn(view, name);
  if (!found.has_value()) return absl::OkStatus();
  Disown(view, name);
  const OwnCall own(*this, name);
  const absl::Time deadline = absl::Now() + options_.unload_timeout;
  const absl::Status status = api_.Unload(found->model.name, kList);
  // Deleted while it was loaded: it stays for as long as it was to stay.
  if (absl::IsNotFound(status)) return AwaitGone(name, absl::InfinitePast());
  WARMUP_RETURN_IF_ERROR(status);
  return AwaitGone(name, deadline);
}

absl::StatusOr<std::vector<Sighting>> OllamaEngine::Look(
    const std::vector<ModelSpec>& specs) {
  WARMUP_RETURN_IF_ERROR(Identify());
  WARMUP_ASSIGN_OR_RETURN(const View view, Observe(kLook));
  Renew(view, specs);
  std::vector<Sighting> sightings = Sight(view, specs);
  LookForWeights(specs, &sightings);
  return sightings;
}

std::vector<Sighting> OllamaEngine::Sight(const View& view,
                                          const std::vector<ModelSpec>& specs) {
  std::set<std::string> names;
  for (const ModelSpec& spec : specs) {
    names.insert(FullName(NameInEngine(spec)));
  }
  std::vector<Sighting> sightings;
  sightings.reserve(specs.size());
  MutexLock lock(mutex_);
  for (const ModelSpec& spec : specs) {
    Sighting& sighting = sightings.emplace_back();
    const std::string& name = NameInEngine(spec);
    sighting.uses = watch_.TakeUses(name);
    sighting.was_unloaded = watch_.TakeUnloaded(name);
    const RunningModel* model = book_.FindRunning(view.running, name);
    if (model == nullptr) continue;
    sighting.residency = ResidencyOf(*model, spec, spec.size_bytes);
    sighting.is_busy = watch_.IsBusy(*model, view.answered);
    if (!names.contains(FullName(model->name))) {
      sighting.uses = std::max(sighting.uses, watch_.TakeUses(model->name));
    }
  }
  return sightings;
}

absl::Status OllamaEngine::Identify() {
  if (is_identified_) return absl::OkStatus();
  WARMUP_ASSIGN_OR_RETURN(std::string version, api_.Probe());
  {
    MutexLock lock(mutex_);
    version_ = std::move(version);
  }
  is_identified_ = true;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<ListedModel>> OllamaEngine::List(
    absl::Time not_before, const HttpCall& call) {
  {
    MutexLock lock(mutex_);
    if (listed_at_ >= not_before) return std::vector<ListedModel>();
  }
  WARMUP_ASSIGN_OR_RETURN(std::vector<ListedModel> models, api_.Tags(call));
  MutexLock lock(mutex_);
  book_.Replace(models);
  listed_at_ = absl::Now();
  return models;
}

std::optional<OllamaEngine::Known> OllamaEngine::FindKnown(
    const std::string& name) {
  MutexLock lock(mutex_);
  const ollama::ModelBook::Entry* entry = book_.Find(name);
  if (entry == nullptr) return std::nullopt;
  return Known{.size_bytes = entry->size_bytes,
               .is_embedder = entry->is_embedder,
               .format = entry->format};
}

absl::StatusOr<View> OllamaEngine::Observe(const HttpCall& call) {
  View view;
  view.asked = absl::Now();
  auto running = api_.Running(call);
  view.answered = absl::Now();
  MutexLock lock(mutex_);
  if (!running.ok()) {
    // It may be another one when it is back.
    if (absl::IsUnavailable(running.status())) {
      watch_.Forget();
      is_identified_ = false;
    }
    return running.status();
  }
  view.running = *std::move(running);
  watch_.Observe(view, book_);
  return view;
}

std::optional<OllamaEngine::Found> OllamaEngine::FindIn(
    const View& view, const std::string& name) {
  MutexLock lock(mutex_);
  const RunningModel* model = book_.FindRunning(view.running, name);
  if (model == nullptr) return std::nullopt;
  return Found{*model, watch_.IsOurs(model->name)};
}

void OllamaEngine::Renew(const View& view,
                         const std::vector<ModelSpec>& specs) {
  std::set<std::string> renewed;
  for (const ModelSpec& spec : specs) {
    const std::optional<Found> found = FindIn(view, NameInEngine(spec));
    if (!found.has_value() || renewed.contains(found->model.name)) continue;
    if (!BeginRenewal(*found, view.answered)) continue;
    const std::string& name = found->model.name;
    renewed.insert(name);
    bool is_renewed = false;
    {
      OwnCall own(*this, name);
      const Known known = FindKnown(name).value_or(
          Known{.is_embedder = spec.type == ModelType::kEmbedding});
      is_renewed =
          api_.Load(name, known.is_embedder, kOllamaKeepAlive, kLook).ok();
      own.HasSet(kOllamaKeepAlive);
      is_renewed = is_renewed && Confirm(name, found).ok();
    }
    EndRenewal();
    if (!is_renewed) return;  // the next look says what is the matter
  }
}

bool OllamaEngine::Stays(const RunningModel& model, absl::Time now) {
  MutexLock lock(mutex_);
  return model.expires_at == absl::InfinitePast() ||  // it does not tell
         model.expires_at - now > kStaysFor || watch_.IsBusy(model, now);
}

bool OllamaEngine::BeginRenewal(const Found& found, absl::Time now) {
  const RunningModel& model = found.model;
  MutexLock lock(mutex_);
  if (!watch_.IsOurs(model.name) || watch_.IsBusy(model, now) ||
      model.expires_at - now >= kOllamaRenewBefore) {
    return false;
  }
  ++renewals_;
  return true;
}

void OllamaEngine::EndRenewal() {
  MutexLock lock(mutex_);
  --renewals_;
  renewed_.NotifyAll();
}

void OllamaEngine::Disown(const View& view, const std::string& name) {
  MutexLock lock(mutex_);
  for (const RunningModel& model : view.running) {
    if (book_.Serves(model, name)) watch_.GiveUp(model.name);
  }
  // One that is under way could bring the model back.
  while (renewals_ > 0) renewed_.Wait(mutex_);
}

}  // namespace warmup
