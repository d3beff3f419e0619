#include "adapters/engines/vllm/vllm_engine.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "adapters/engines/http/answer_status.h"
#include "adapters/engines/http/poll_until.h"
#include "core/base/status_macros.h"

namespace warmup {
namespace {

using vllm::Metrics;
using vllm::ServedModel;
using vllm::Sleep;

const HttpCall kLook = {.timeout = absl::Seconds(2)};
// Of what is answered at once, or only after a wake.
const HttpCall kAsk = {.timeout = absl::Seconds(1)};
const HttpCall kList = {.timeout = absl::Seconds(5)};
// What is left of a wake that nobody wants any more, a call.
const HttpCall kFinish = {.timeout = absl::Seconds(10)};
// What a sleep may take, however long the requests before it did.
constexpr absl::Duration kSleepTime = absl::Seconds(5);

Residency ReadyResidency(const ModelSpec& spec) {
  return {Tier::kReady, spec.size_bytes, spec.size_bytes};
}

}  // namespace

// While one lives, what happens to the server counts as done by us.
class VllmEngine::OwnChange {
 public:
  OwnChange(VllmEngine& engine, bool is_load)
      : engine_(engine), loads_(is_load ? 1 : 0) {
    MutexLock lock(engine_.mutex_);
    ++engine_.own_changes_;
    ++engine_.own_under_way_;
    engine_.own_loads_ += loads_;
  }
  ~OwnChange() {
    MutexLock lock(engine_.mutex_);
    ++engine_.own_changes_;
    --engine_.own_under_way_;
    engine_.own_loads_ -= loads_;
  }
  OwnChange(const OwnChange&) = delete;
  OwnChange& operator=(const OwnChange&) = delete;

 private:
  VllmEngine& engine_;
  const int loads_;
};

VllmEngine::VllmEngine(std::unique_ptr<HttpClient> http, Options options)
    : http_(std::move(http)),
      options_(std::move(options)),
      info_({.id = http_->engine(),
             .kind = "vllm",
             .endpoint = http_->endpoint(),
             .version = {},
             .abilities = {}}),
      api_(*http_) {}

absl::StatusOr<std::string> VllmEngine::Probe(HttpClient& http) {
  WARMUP_ASSIGN_OR_RETURN(vllm::Identity identity,
                          vllm::VllmApi(http).Identify(HttpCall()));
  return std::move(identity.version);
}

EngineInfo VllmEngine::info() const {
  MutexLock lock(mutex_);
  EngineInfo info = info_;
  info.version = version_;
  info.abilities = {.can_load = has_sleep_,
                    .can_unload = has_sleep_,
                    .has_tiers = has_sleep_,
                    .shows_use = served_.has_value()};
  return info;
}

absl::StatusOr<std::vector<ModelSpec>> VllmEngine::Discover() {
  WARMUP_RETURN_IF_ERROR(Identify(kList));
  WARMUP_ASSIGN_OR_RETURN(const ServedModel model, Noted(api_.GetModel(kList)));
  for (const std::string& other : model.others) {
    options_.on_skipped(
        other, absl::FailedPreconditionError(absl::StrCat(
                   "it is another name of \"", model.name, "\", or on it")));
  }
  ModelSpec spec;
  spec.id = model.name;
  spec.engine = info_.id;
  spec.source = model.name;
  spec.context_length = model.context_length;
  if (const absl::Status fit = ValidateSpec(spec); !fit.ok()) {
    options_.on_skipped(model.name, fit);
    return std::vector<ModelSpec>();
  }
  return std::vector<ModelSpec>{std::move(spec)};
}

absl::StatusOr<ModelSpec> VllmEngine::Describe(const ModelSpec& spec) {
  WARMUP_ASSIGN_OR_RETURN(const ServedModel model,
                          Find(NameInEngine(spec), kList));
  ModelSpec result = spec;
  result.source = model.name;
  if (result.context_length == 0) result.context_length = model.context_length;
  return result;
}

absl::StatusOr<LoadResult> VllmEngine::Load(const ModelSpec& spec,
                                            LoadControl& control) {
  const std::string& name = NameInEngine(spec);
  const HttpCall call = {.timeout = kList.timeout,
                         .is_cancelled = [&] { return control.IsCancelled(); }};
  WARMUP_RETURN_IF_ERROR(Find(name, call).status());
  WARMUP_ASSIGN_OR_RETURN(const bool is_sleeping, IsSleeping(call));
  if (!is_sleeping) {
    WARMUP_RETURN_IF_ERROR(Noted(api_.CheckHealth(call)));
    return LoadResult{.residency = ReadyResidency(spec),
                      .start = LoadStart::kReady};
  }
  WARMUP_ASSIGN_OR_RETURN(const Metrics metrics, Noted(api_.GetMetrics(call)));
  const OwnChange change(*this, /*is_load=*/true);
  Sleep sleep = Sleep::kUnknown;
  {
    MutexLock lock(mutex_);
    sleep = SleepOf(metrics);
  }
  control.ReportProgress(0, spec.size_bytes);
  std::vector<Step> left = StepsFrom(sleep);
  absl::Status status;
  while (!left.empty()) {
    const Step& step = left.front();
    status = api_.Post(step.path, step.body, name,
                       {.timeout = absl::InfiniteDuration(),
                        .is_cancelled = call.is_cancelled});
    // (Of one that was cancelled nobody knows whether it was heard.)
    if (!status.ok()) break;
    left.erase(left.begin());
  }
  if (status.ok()) status = AwaitAwake(name, control);
  if (!status.ok()) {
    if (!absl::IsCancelled(status)) left.clear();
    GoBack(name, left, sleep);
    return status;
  }
  control.ReportProgress(spec.size_bytes, spec.size_bytes);
  MutexLock lock(mutex_);
  own_sleep_ = Sleep::kUnknown;
  was_awake_ = true;
  return LoadResult{.residency = ReadyResidency(spec),
                    .start = sleep == Sleep::kLevel1 ? LoadStart::kWarm
                                                     : LoadStart::kUnknown};
}

std::vector<VllmEngine::Step> VllmEngine::StepsFrom(Sleep sleep) {
  if (sleep == Sleep::kLevel1) return {{"/wake_up", "{}"}};
  // The weights last but one: there is no place for them before the first, and
  // with the last the server answers.
  return {{"/wake_up?tags=weights", "{}"},
          {"/collective_rpc", R"({"method":"reload_weights"})"},
          {"/wake_up?tags=kv_cache", "{}"}};
}

absl::Status VllmEngine::AwaitAwake(const std::string& name,
                                    LoadControl& control) {
  WARMUP_ASSIGN_OR_RETURN(const bool is_awake,
                          PollUntil(
                              options_.awake_within,
                              [&]() -> absl::StatusOr<bool> {
                                WARMUP_ASSIGN_OR_RETURN(const bool is_sleeping,
                                                        IsSleeping(kLook));
                                return !is_sleeping;
                              },
                              [&] { return !control.IsCancelled(); }));
  if (control.IsCancelled()) {
    return api_.ModelError(absl::StatusCode::kCancelled, "CANCELLED", name,
                           "cancelled");
  }
  if (is_awake) return Noted(api_.CheckHealth(kLook));
  return api_.ModelError(absl::StatusCode::kUnavailable, "LOAD_NOT_CONFIRMED",
                         name, "it was woken, but is still asleep");
}

void VllmEngine::GoBack(const std::string& name, const std::vector<Step>& left,
                        Sleep sleep) {
  for (const Step& step : left) {
    if (!api_.Post(step.path, step.body, name, kFinish).ok()) return;
  }
  const auto is_sleeping = IsSleeping(kFinish);
  if (!is_sleeping.ok()) return;  // gone itself
  if (!*is_sleeping) {
    const auto metrics = Noted(api_.GetMetrics(kLook));
    // Awake, and somebody uses it already.
    if (!metrics.ok() || metrics->in_flight.value_or(1) > 0) return;
  }
  if (sleep == Sleep::kUnknown) sleep = Sleep::kLevel2;
  const absl::Status status = PutToSleep(name, sleep, kFinish.timeout);
  static_cast<void>(status);  // the load's own error says more
}

absl::Status VllmEngine::Unload(const ModelSpec& spec) {
  const std::string& name = NameInEngine(spec);
  const absl::Status found = Find(name, kList).status();
  if (absl::IsNotFound(found)) return absl::OkStatus();
  WARMUP_RETURN_IF_ERROR(found);
  WARMUP_ASSIGN_OR_RETURN(const bool is_sleeping, IsSleeping(kList));
  if (is_sleeping) return absl::OkStatus();
  if (!info().abilities.can_unload) {
    return api_.ModelError(
        absl::StatusCode::kFailedPrecondition, "NO_SLEEP_MODE", name,
        "it cannot be put to sleep: start vLLM with --enable-sleep-mode and "
        "VLLM_SERVER_DEV_MODE=1");
  }
  const OwnChange change(*this, /*is_load=*/false);
  const absl::Time start = absl::Now();
  WARMUP_RETURN_IF_ERROR(Drain(name));
  const absl::Duration left = options_.unload_timeout - (absl::Now() - start);
  return PutToSleep(name, ChooseSleep(spec), std::max(left, kSleepTime));
}

absl::Status VllmEngine::Drain(const std::string& name) {
  const auto in_use = [&](std::string_view what) {
    return api_.ModelError(
        absl::StatusCode::kFailedPrecondition, "MEMORY_IN_USE", name,
        absl::StrCat("it is not put to sleep, which aborts requests: ",
                     std::string(what)));
  };
  WARMUP_ASSIGN_OR_RETURN(
      const bool is_idle,
      PollUntil(
          options_.unload_timeout,
          [&]() -> absl::StatusOr<bool> {
            WARMUP_ASSIGN_OR_RETURN(const Metrics metrics,
                                    Noted(api_.GetMetrics(kLook)));
            if (metrics.in_flight.has_value()) return *metrics.in_flight == 0;
            return in_use("it does not show whether there are any");
          },
          [] { return true; }));
  return is_idle ? absl::OkStatus() : in_use("there are some that do not end");
}

absl::Status VllmEngine::PutToSleep(const std::string& name, Sleep sleep,
                                    absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  absl::Status status =
      api_.Post(sleep == Sleep::kLevel1 ? "/sleep?level=1" : "/sleep?level=2",
                "{}", name, {.timeout = timeout});
  absl::StatusOr<bool> is_asleep = status.ok();
  if (status.ok()) {
    is_asleep = PollUntil(
        deadline - absl::Now(), [&] { return IsSleeping(kLook); },
        [] { return true; });
  }
  WARMUP_RETURN_IF_ERROR(is_asleep.status());
  if (*is_asleep) {
    MutexLock lock(mutex_);
    own_sleep_ = sleep;
    was_awake_ = false;
    return absl::OkStatus();
  }
  if (!status.ok() && !absl::IsDeadlineExceeded(status)) return status;
  return api_.ModelError(absl::StatusCode::kFailedPrecondition, "MEMORY_IN_USE",
                         name, "it does not fall asleep");
}

Sleep VllmEngine::ChooseSleep(const ModelSpec& spec) const {
  const int64_t free_bytes = options_.host_free_bytes();
  if (free_bytes == std::numeric_limits<int64_t>::max()) return Sleep::kLevel1;
  // Weights of which nobody knows how large they are may be too large.
  const bool has_room =
      spec.size_bytes > 0 &&
      spec.size_bytes <= free_bytes - options_.host_reserve_bytes;
  return has_room ? Sleep::kLevel1 : Sleep::kLevel2;
}

absl::StatusOr<std::vector<Sighting>> VllmEngine::Look(
    const std::vector<ModelSpec>& specs) {
  WARMUP_RETURN_IF_ERROR(Identify(kLook));
  int64_t changes = 0;
  bool is_own = false;
  {
    MutexLock lock(mutex_);
    changes = own_changes_;
    is_own = own_under_way_ > 0;
  }
  WARMUP_ASSIGN_OR_RETURN(const ServedModel model, Noted(api_.GetModel(kLook)));
  WARMUP_ASSIGN_OR_RETURN(const Metrics metrics, Noted(api_.GetMetrics(kLook)));
  bool is_awake = false;
  bool is_changing = is_own;
  if (!is_own) {
    const auto is_sleeping = IsSleeping(kAsk);
    // One that was asleep wakes when it does not answer this. (One that was
    // awake hangs.)
    is_changing = absl::IsDeadlineExceeded(is_sleeping.status()) && WasAsleep();
    if (!is_changing) WARMUP_RETURN_IF_ERROR(is_sleeping.status());
    is_awake = is_sleeping.ok() && !*is_sleeping;
    if (is_awake) WARMUP_RETURN_IF_ERROR(Noted(api_.CheckHealth(kLook)));
  }
  MutexLock lock(mutex_);
  bool was_unloaded = false;
  if (is_changing) {
    is_awake = was_awake_.value_or(false);
  } else if (changes == own_changes_) {
    was_unloaded = !is_awake && was_awake_.value_or(false);
    was_awake_ = is_awake;
    // Whoever else put it to sleep did so as he wanted.
    if (is_awake || was_unloaded) own_sleep_ = Sleep::kUnknown;
  }
  std::vector<Sighting> sightings(specs.size());
  for (size_t i = 0; i < specs.size(); ++i) {
    if (NameInEngine(specs[i]) != model.name) continue;
    Sighting& sighting = sightings[i];
    sighting.uses = TakeUses(metrics);
    sighting.is_busy = metrics.in_flight.value_or(0) > 0;
    sighting.is_loading = own_loads_ > 0 || (is_changing && !is_own);
    sighting.was_unloaded = was_unloaded;
    if (is_awake) {
      sighting.residency = ReadyResidency(specs[i]);
    } else if (!is_changing && SleepOf(metrics) == Sleep::kLevel1) {
      sighting.residency = {Tier::kHost, 0, specs[i].size_bytes};
      sighting.is_cached = true;
    }
  }
  if (!served_.has_value()) served_ = metrics.served;
  return sightings;
}

bool VllmEngine::WasAsleep() const {
  MutexLock lock(mutex_);
  return !was_awake_.value_or(false);
}

Sleep VllmEngine::SleepOf(const Metrics& metrics) const {
  return metrics.sleep == Sleep::kUnknown ? own_sleep_ : metrics.sleep;
}

int64_t VllmEngine::TakeUses(const Metrics& metrics) {
  if (!metrics.served.has_value() || !served_.has_value()) return 0;
  const int64_t before = std::exchange(*served_, *metrics.served);
  // Fewer than before: it was restarted.
  return *served_ >= before ? *served_ - before : *served_;
}

absl::Status VllmEngine::Identify(const HttpCall& call) {
  if (is_identified_) return absl::OkStatus();
  WARMUP_ASSIGN_OR_RETURN(vllm::Identity identity, Noted(api_.Identify(call)));
  {
    MutexLock lock(mutex_);
    version_ = std::move(identity.version);
    has_sleep_ = identity.has_sleep;
  }
  is_identified_ = true;
  return absl::OkStatus();
}

absl::StatusOr<ServedModel> VllmEngine::Find(const std::string& name,
                                             const HttpCall& call) {
  WARMUP_RETURN_IF_ERROR(Identify(call));
  WARMUP_ASSIGN_OR_RETURN(ServedModel model, Noted(api_.GetModel(call)));
  if (model.name == name) return model;
  return api_.ModelError(absl::StatusCode::kNotFound, "MODEL_NOT_FOUND", name,
                         absl::StrCat("its model is \"", model.name, "\""));
}

absl::StatusOr<bool> VllmEngine::IsSleeping(const HttpCall& call) {
  {
    MutexLock lock(mutex_);
    if (!has_sleep_) return false;
  }
  return Noted(api_.IsSleeping(call));
}

absl::Status VllmEngine::Noted(absl::Status answer) {
  if (!absl::IsUnavailable(answer)) return answer;
  MutexLock lock(mutex_);
  is_identified_ = false;
  own_sleep_ = Sleep::kUnknown;
  was_awake_.reset();
  served_.reset();
  return answer;
}

}  // namespace warmup
