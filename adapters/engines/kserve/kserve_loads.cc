// How a KserveEngine loads and unloads.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "adapters/engines/kserve/kserve_engine.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace warmup {
namespace {

using kserve::Flavour;
using kserve::Index;
using kserve::ModelState;
using kserve::RpcCall;

// How long after its answer a load may show.
constexpr absl::Duration kShownWithin = absl::Milliseconds(500);
constexpr absl::Duration kShortPause = absl::Milliseconds(5);
constexpr absl::Duration kLongPause = absl::Milliseconds(100);
// A look waits no longer for what it takes back.
const RpcCall kSweep = {.timeout = absl::Milliseconds(200), .is_cancelled = {}};
// Triton 2.51 crashes when it unloads a model whose own thread has not run
// again since the load (StopBackendThread takes the last instance out of a
// queue that is empty until then). An unload that was asked for during the load
// always comes that early; so it is asked for after it, when the thread has had
// time.
constexpr absl::Duration kSettling = absl::Milliseconds(100);
// For so long a load that was given up is waited for, where nothing shows that
// it has ended.
constexpr absl::Duration kGivenUpFor = absl::Minutes(10);

bool IsCancelled(const RpcCall& call) {
  return call.is_cancelled != nullptr && call.is_cancelled();
}

void Pause(absl::Duration pause, const RpcCall& call) {
  const absl::Time end = absl::Now() + pause;
  for (absl::Duration left = pause;
       left > absl::ZeroDuration() && !IsCancelled(call);
       left = end - absl::Now()) {
    absl::SleepFor(std::min(left, kserve::kCancelLatency));
  }
}

// Whether the server may still be at it although our call has ended.
bool MayGoOn(const absl::Status& status) {
  const std::string reason = GetErrorDetails(status).reason;
  return reason == "CANCELLED" || reason == "ENGINE_TOO_SLOW" ||
         reason == "ENGINE_UNAVAILABLE" || reason == "LOAD_NOT_CONFIRMED";
}

// KServe's own server calls an error what it has done.
bool IsToBeConfirmed(Flavour flavour, const absl::Status& status) {
  const std::string reason = GetErrorDetails(status).reason;
  return flavour == Flavour::kKserve &&
         (reason == "MODEL_DAMAGED" || reason == "ENGINE_FAILED");
}

}  // namespace

absl::StatusOr<LoadResult> KserveEngine::Load(const ModelSpec& spec,
                                              LoadControl& control) {
  const std::string& name = NameInEngine(spec);
  const RpcCall call = {.timeout = absl::InfiniteDuration(),
                        .is_cancelled = [&] { return control.IsCancelled(); }};
  WARMUP_ASSIGN_OR_RETURN(const Flavour flavour, Identify(call));
  WARMUP_RETURN_IF_ERROR(Claim(flavour, name, call));
  WARMUP_ASSIGN_OR_RETURN(ModelState before, StateOf(flavour, name, call));
  control.ReportProgress(0, spec.size_bytes);
  if (before == ModelState::kReady && IsFailing(name)) {
    WARMUP_RETURN_IF_ERROR(UnloadAndAwait(flavour, name, call));
    before = ModelState::kUnloaded;
  }
  if (before != ModelState::kReady) {
    absl::Status status = LoadAndConfirm(flavour, name, call);
    if (!status.ok()) {
      // Else it may be somebody's.
      if (before == ModelState::kUnloaded || before == ModelState::kUnloading) {
        GiveUp(flavour, name, status);
      }
      return status;
    }
    // What it holds; that it is ready is known without.
    const absl::Status ignored = ObserveUse(flavour);
    static_cast<void>(ignored);
  }
  control.ReportProgress(spec.size_bytes, spec.size_bytes);
  MutexLock lock(mutex_);
  const bool was_ready = before == ModelState::kReady;
  return LoadResult{
      .residency = ReadyResidency(spec),
      .read_bytes = was_ready ? 0 : spec.size_bytes,
      .start = was_ready ? LoadStart::kReady : LoadStart::kUnknown};
}

absl::Status KserveEngine::Unload(const ModelSpec& spec) {
  const std::string& name = NameInEngine(spec);
  const RpcCall call = {.timeout = options_.unload_timeout, .is_cancelled = {}};
  WARMUP_ASSIGN_OR_RETURN(const Flavour flavour, Identify(call));
  WARMUP_ASSIGN_OR_RETURN(const ModelState state, StateOf(flavour, name, call));
  if (state == ModelState::kUnloaded) return absl::OkStatus();
  WARMUP_RETURN_IF_ERROR(AwaitLoadEnd(flavour, name, call));
  return UnloadAndAwait(flavour, name, call);
}

absl::Status KserveEngine::LoadAndConfirm(Flavour flavour,
                                          const std::string& name,
                                          const RpcCall& call) {
  absl::Status status = Note(api_->Load(flavour, name, call));
  const bool is_in_doubt = IsToBeConfirmed(flavour, status);
  if (!status.ok() && !is_in_doubt) return status;
  const absl::Time deadline = absl::Now() + kShownWithin;
  for (;;) {
    WARMUP_ASSIGN_OR_RETURN(const ModelState state,
                            StateOf(flavour, name, call));
    if (state == ModelState::kReady) return absl::OkStatus();
    if (is_in_doubt) return status;
    if (absl::Now() >= deadline) {
      return api_->speaker().Error(
          absl::StatusCode::kUnavailable, "LOAD_NOT_CONFIRMED", name,
          "it was said to be loaded, but is not shown as ready");
    }
    Pause(kShortPause, call);
  }
}

absl::Status KserveEngine::AwaitLoadEnd(Flavour flavour,
                                        const std::string& name,
                                        const RpcCall& call) {
  WARMUP_ASSIGN_OR_RETURN(const ModelState state, StateOf(flavour, name, call));
  if (state != ModelState::kLoading) return absl::OkStatus();
  WARMUP_RETURN_IF_ERROR(
      AwaitLeft(flavour, name, {ModelState::kLoading}, call));
  Pause(kSettling, call);
  return absl::OkStatus();
}

absl::Status KserveEngine::UnloadAndAwait(Flavour flavour,
                                          const std::string& name,
                                          const RpcCall& call) {
  bool is_dead = false;
  {
    MutexLock lock(mutex_);
    unloads_.BeginOwn(name);
    is_dead = uses_.IsFailing(name);
  }
  absl::Status status = Note(api_->Unload(flavour, name, call));
  if (absl::IsNotFound(status) || IsToBeConfirmed(flavour, status)) {
    status = absl::OkStatus();
  }
  if (status.ok() && is_dead) {
    // Triton may go on unloading it for ever. Nothing of it is in memory, and
    // a load is not held up by that.
    status = AwaitLeft(flavour, name,
                       {ModelState::kReady, ModelState::kLoading}, call);
  } else if (status.ok()) {
    status = AwaitLeft(
        flavour, name,
        {ModelState::kReady, ModelState::kLoading, ModelState::kUnloading},
        call);
  }
  MutexLock lock(mutex_);
  unloads_.EndOwn(name, absl::Now());
  return status;
}

absl::Status KserveEngine::AwaitLeft(Flavour flavour, const std::string& name,
                                     std::initializer_list<ModelState> states,
                                     const RpcCall& call) {
  const absl::Time deadline = absl::Now() + call.timeout;
  absl::Duration pause = kShortPause;
  for (;;) {
    WARMUP_ASSIGN_OR_RETURN(const ModelState state,
                            StateOf(flavour, name, call));
    if (std::find(states.begin(), states.end(), state) == states.end()) {
      return absl::OkStatus();
    }
    if (absl::Now() >= deadline) {
      return api_->speaker().Error(
          absl::StatusCode::kFailedPrecondition, "MEMORY_IN_USE", name,
          "it stays in memory, because requests on it have not ended, or "
          "because somebody loads it");
    }
    Pause(std::min(pause, deadline - absl::Now()), call);
    pause = std::min(2 * pause, kLongPause);
  }
}

void KserveEngine::GiveUp(Flavour flavour, const std::string& name,
                          const absl::Status& status) {
  if (!MayGoOn(status)) return;
  {
    MutexLock lock(mutex_);
    given_up_[name] = absl::Now();
  }
  if (GetErrorDetails(status).reason == "ENGINE_UNAVAILABLE") return;
  const RpcCall call = {.timeout = options_.give_up_timeout,
                        .is_cancelled = {}};
  if (!AwaitLoadEnd(flavour, name, call).ok()) return;
  {
    // A look or another load may have taken it back meanwhile.
    MutexLock lock(mutex_);
    if (!given_up_.contains(name)) return;
  }
  const absl::Status unloaded = UnloadAndAwait(flavour, name, call);
  // KServe's own server does not show what it is at.
  if (!unloaded.ok() || flavour == Flavour::kKserve) return;
  MutexLock lock(mutex_);
  given_up_.erase(name);
}

absl::Status KserveEngine::Claim(Flavour flavour, const std::string& name,
                                 const RpcCall& call) {
  {
    MutexLock lock(mutex_);
    while (sweeping_.contains(name)) swept_.Wait(mutex_);
    if (!given_up_.contains(name)) return absl::OkStatus();
  }
  // They may have an unload of ours in a queue, which would meet the new load.
  if (flavour != Flavour::kKserve) {
    WARMUP_RETURN_IF_ERROR(AwaitLoadEnd(flavour, name, call));
    WARMUP_RETURN_IF_ERROR(UnloadAndAwait(flavour, name, call));
  }
  MutexLock lock(mutex_);
  while (sweeping_.contains(name)) swept_.Wait(mutex_);
  given_up_.erase(name);
  return absl::OkStatus();
}

void KserveEngine::Sweep(Flavour flavour, Index& index) {
  for (const std::string& name : BeginSweep(flavour, index)) {
    // It may have come just now.
    if (flavour == Flavour::kTriton) Pause(kSettling, kSweep);
    const absl::Status status = UnloadAndAwait(flavour, name, kSweep);
    EndSweep(name, status.ok());
    index.erase(name);
  }
}

std::vector<std::string> KserveEngine::BeginSweep(Flavour flavour,
                                                  const Index& index) {
  const absl::Time now = absl::Now();
  std::vector<std::string> names;
  MutexLock lock(mutex_);
  for (auto it = given_up_.begin(); it != given_up_.end();) {
    const auto& [name, since] = *it;
    const auto found = index.find(name);
    const ModelState state =
        found == index.end() ? ModelState::kUnloaded : found->second.state;
    const bool has_come =
        state == ModelState::kReady || state == ModelState::kUnknown;
    if (has_come && sweeping_.insert(name).second) names.push_back(name);
    const bool is_over =
        state == ModelState::kUnloaded &&
        (flavour != Flavour::kKserve || now - since > kGivenUpFor);
    it = is_over && !sweeping_.contains(name) ? given_up_.erase(it)
                                              : std::next(it);
  }
  return names;
}

void KserveEngine::EndSweep(const std::string& name, bool is_done) {
  MutexLock lock(mutex_);
  sweeping_.erase(name);
  if (is_done) given_up_.erase(name);
  swept_.NotifyAll();
}

}  // namespace warmup
