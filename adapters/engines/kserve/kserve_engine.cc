#include "adapters/engines/kserve/kserve_engine.h"

#include <optional>
#include <utility>

#include "absl/time/clock.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace warmup {
namespace {

using kserve::Flavour;
using kserve::Index;
using kserve::IndexedModel;
using kserve::ModelState;
using kserve::RpcCall;
using kserve::StatisticsByModel;

const RpcCall kLook = {.timeout = absl::Seconds(2), .is_cancelled = {}};
const HttpCall kMetrics = {.timeout = absl::Seconds(1), .is_cancelled = {}};
// An index that Describe takes for the present one: a catalogue is described
// model by model.
constexpr absl::Duration kListingAge = absl::Seconds(2);

// Null where none is wanted.
absl::StatusOr<std::unique_ptr<HttpClient>> MetricsClient(
    const std::string& engine, const std::string& endpoint) {
  if (endpoint.empty()) return nullptr;
  return HttpClient::Create(
      {.engine = engine, .endpoint = endpoint, .bearer_token = {}});
}

}  // namespace

absl::StatusOr<std::unique_ptr<KserveEngine>> KserveEngine::Create(
    const std::string& id, const std::string& endpoint, Options options) {
  WARMUP_ASSIGN_OR_RETURN(auto api, kserve::KserveApi::Create(id, endpoint));
  WARMUP_ASSIGN_OR_RETURN(auto metrics,
                          MetricsClient(id, options.metrics_endpoint));
  return std::unique_ptr<KserveEngine>(
      new KserveEngine(std::move(api), std::move(metrics), std::move(options)));
}

KserveEngine::KserveEngine(std::unique_ptr<kserve::KserveApi> api,
                           std::unique_ptr<HttpClient> metrics, Options options)
    : api_(std::move(api)),
      metrics_(std::move(metrics)),
      options_(std::move(options)) {}

absl::StatusOr<std::string> KserveEngine::Probe(const std::string& id,
                                                const std::string& endpoint) {
  WARMUP_ASSIGN_OR_RETURN(const auto api,
                          kserve::KserveApi::Create(id, endpoint));
  WARMUP_ASSIGN_OR_RETURN(kserve::Server server, api->Identify(kLook));
  return std::move(server.version);
}

EngineInfo KserveEngine::info() const {
  MutexLock lock(mutex_);
  const bool shows_use =
      server_.flavour == Flavour::kTriton ||
      (server_.flavour == Flavour::kMlServer && metrics_ != nullptr);
  return {.id = api_->speaker().engine,
          .kind = "kserve",
          .endpoint = api_->speaker().endpoint,
          .version = server_.version,
          .abilities = {.can_load = true,
                        .can_unload = true,
                        .has_tiers = false,
                        .shows_progress = false,
                        .shows_use = shows_use,
                        .shows_memory = shows_memory_}};
}

absl::StatusOr<std::vector<ModelSpec>> KserveEngine::Discover() {
  WARMUP_ASSIGN_OR_RETURN(const Flavour flavour, Identify({}));
  std::vector<ModelSpec> specs;
  if (flavour == Flavour::kKserve) return specs;
  WARMUP_ASSIGN_OR_RETURN(const Index index, List(absl::InfiniteFuture(), {}));
  specs.reserve(index.size());
  for (const auto& [name, model] : index) {
    ModelSpec spec;
    spec.id = name;
    spec.engine = api_->speaker().engine;
    spec.source = name;
    if (const absl::Status fit = ValidateSpec(spec); fit.ok()) {
      specs.push_back(std::move(spec));
    } else {
      options_.on_skipped(name, fit);
    }
  }
  return specs;
}

absl::StatusOr<ModelSpec> KserveEngine::Describe(const ModelSpec& spec) {
  ModelSpec result = spec;
  result.source = NameInEngine(spec);
  WARMUP_ASSIGN_OR_RETURN(const Flavour flavour, Identify({}));
  if (flavour == Flavour::kKserve) return result;
  WARMUP_ASSIGN_OR_RETURN(const Index index,
                          List(absl::Now() - kListingAge, {}));
  if (index.contains(result.source)) return result;
  return api_->speaker().Error(absl::StatusCode::kNotFound, "MODEL_NOT_FOUND",
                               result.source, "it is not in the index");
}

absl::StatusOr<std::vector<Sighting>> KserveEngine::Look(
    const std::vector<ModelSpec>& specs) {
  WARMUP_ASSIGN_OR_RETURN(const Flavour flavour, Identify(kLook));
  const absl::Time asked = absl::Now();
  WARMUP_ASSIGN_OR_RETURN(Index index, ListThese(flavour, specs));
  WARMUP_RETURN_IF_ERROR(ObserveUse(flavour));
  Sweep(flavour, index);
  std::vector<Sighting> sightings;
  sightings.reserve(specs.size());
  MutexLock lock(mutex_);
  unloads_.Observe(asked, index);
  for (const ModelSpec& spec : specs) {
    const auto it = index.find(NameInEngine(spec));
    sightings.push_back(
        SightingOf(spec, it == index.end() ? IndexedModel{} : it->second));
  }
  return sightings;
}

Sighting KserveEngine::SightingOf(const ModelSpec& spec,
                                  const IndexedModel& model) {
  const std::string& name = NameInEngine(spec);
  Sighting sighting;
  sighting.uses = uses_.TakeUses(name);
  sighting.was_unloaded = unloads_.Take(name);
  // Nobody waits for one that was given up.
  sighting.is_loading =
      model.state == ModelState::kLoading && !given_up_.contains(name);
  if (model.state == ModelState::kReady && !uses_.IsFailing(name)) {
    sighting.residency = ReadyResidency(spec);
  }
  return sighting;
}

Residency KserveEngine::ReadyResidency(const ModelSpec& spec) const {
  const auto it = statistics_.find(NameInEngine(spec));
  int64_t bytes =
      it == statistics_.end() ? 0 : kserve::HeldBytes(it->second, spec);
  if (bytes == 0) bytes = spec.size_bytes;
  return {Tier::kReady, bytes, bytes};
}

bool KserveEngine::IsFailing(const std::string& name) const {
  MutexLock lock(mutex_);
  return uses_.IsFailing(name);
}

absl::StatusOr<Flavour> KserveEngine::Identify(const RpcCall& call) {
  {
    MutexLock lock(mutex_);
    if (is_identified_) return server_.flavour;
  }
  WARMUP_ASSIGN_OR_RETURN(const kserve::Server server, api_->Identify(call));
  MutexLock lock(mutex_);
  server_ = server;
  is_identified_ = true;
  return server_.flavour;
}

absl::Status KserveEngine::Note(const absl::Status& status) {
  const std::string reason = GetErrorDetails(status).reason;
  if (reason == "ENGINE_UNAVAILABLE" || reason == "NOT_KSERVE") {
    MutexLock lock(mutex_);
    is_identified_ = false;
    uses_.Forget();
    unloads_.Forget();
    statistics_.clear();
  }
  return status;
}

absl::StatusOr<Index> KserveEngine::List(absl::Time not_before,
                                         const RpcCall& call) {
  {
    MutexLock lock(mutex_);
    if (listed_at_ >= not_before) return listed_;
  }
  absl::StatusOr<Index> index = api_->List(call);
  if (!index.ok()) return Note(index.status());
  MutexLock lock(mutex_);
  listed_ = *index;
  listed_at_ = absl::Now();
  return index;
}

absl::StatusOr<Index> KserveEngine::ListThese(
    Flavour flavour, const std::vector<ModelSpec>& specs) {
  if (flavour != Flavour::kKserve) return List(absl::InfiniteFuture(), kLook);
  WARMUP_RETURN_IF_ERROR(Note(api_->CheckLive(kLook)));
  Index index;
  for (const ModelSpec& spec : specs) {
    const std::string& name = NameInEngine(spec);
    WARMUP_ASSIGN_OR_RETURN(index[name].state, StateOf(flavour, name, kLook));
  }
  return index;
}

absl::StatusOr<ModelState> KserveEngine::StateOf(Flavour flavour,
                                                 const std::string& name,
                                                 const RpcCall& call) {
  if (flavour == Flavour::kKserve) {
    const absl::StatusOr<bool> is_ready = api_->IsReady(name, call);
    if (!is_ready.ok()) return Note(is_ready.status());
    return *is_ready ? ModelState::kReady : ModelState::kUnloaded;
  }
  WARMUP_ASSIGN_OR_RETURN(const Index index,
                          List(absl::InfiniteFuture(), call));
  const auto it = index.find(name);
  return it == index.end() ? ModelState::kUnloaded : it->second.state;
}

absl::Status KserveEngine::ObserveUse(Flavour flavour) {
  StatisticsByModel statistics;
  const absl::Time asked = absl::Now();
  if (flavour == Flavour::kTriton) {
    absl::StatusOr<StatisticsByModel> answer = api_->Use(kLook);
    if (!answer.ok()) return Note(answer.status());
    statistics = *std::move(answer);
  } else if (flavour == Flavour::kMlServer && metrics_ != nullptr) {
    // Without them it is a server like any other.
    const auto answer = metrics_->Get("/metrics", kMetrics);
    if (!answer.ok() || answer->status != 200) return absl::OkStatus();
    statistics = kserve::ReadMetrics(answer->body);
  } else {
    return absl::OkStatus();
  }
  MutexLock lock(mutex_);
  uses_.Observe(asked, absl::Now(), statistics);
  for (const auto& [name, model] : statistics) {
    if (model.host_bytes + model.device_bytes > 0) shows_memory_ = true;
  }
  statistics_ = std::move(statistics);
  return absl::OkStatus();
}

}  // namespace warmup
