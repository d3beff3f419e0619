// How models come and go.

#include <algorithm>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "adapters/engines/llama_server/llama_server_engine.h"
#include "adapters/engines/llama_server/model_file.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace warmup {
namespace {

using llama_server::ActivitySource;
using llama_server::FindModel;
using llama_server::IsUp;
using llama_server::ListedModel;
using llama_server::Listing;
using llama_server::ModelFileReader;
using llama_server::ModelStatus;

// A load that is no longer wanted shall not last on an engine that hangs.
const HttpCall kTakeBack = {.timeout = absl::Seconds(2)};
const HttpCall kAct = {.timeout = absl::Seconds(5)};
constexpr absl::Duration kShortPause = absl::Milliseconds(2);
constexpr absl::Duration kLongPause = absl::Milliseconds(100);

// Waits as long as is fit for something that has taken `waited` so far, and of
// which each look took `look`.
void Pause(absl::Duration waited, absl::Duration look, const HttpCall& call) {
  const absl::Duration pause =
      std::clamp(std::max(waited / 32, 2 * look), kShortPause, kLongPause);
  const absl::Time end = absl::Now() + pause;
  while (absl::Now() < end && !(call.is_cancelled && call.is_cancelled())) {
    absl::SleepFor(std::min(end - absl::Now(), kCancelLatency));
  }
}

// Whether a load may have begun although its caller got no answer.
bool MayGoOn(const absl::Status& status) {
  return absl::IsCancelled(status) ||
         GetErrorDetails(status).reason == "ENGINE_ANSWER_CUT";
}

// Listed as loaded, with a process that does not listen.
bool IsSilent(const absl::Status& status) {
  return GetErrorDetails(status).reason == "MODEL_SILENT";
}

// What the next listing will tell more about: the model has just gone.
bool IsPassing(const absl::Status& status) {
  const std::string reason = GetErrorDetails(status).reason;
  return IsSilent(status) || reason == "MODEL_NOT_FOUND" ||
         reason == "ENGINE_BUSY";
}

}  // namespace

// While one lives, it is we who unload the model.
class LlamaServerEngine::OwnUnload {
 public:
  OwnUnload(LlamaServerEngine& engine, std::string id)
      : engine_(engine), id_(std::move(id)) {
    MutexLock lock(engine_.mutex_);
    engine_.watch_.BeginUnload(id_);
    while (engine_.questions_.contains(id_)) {
      engine_.question_ended_.Wait(engine_.mutex_);
    }
  }
  ~OwnUnload() {
    MutexLock lock(engine_.mutex_);
    engine_.watch_.EndUnload(id_, is_gone_, absl::Now());
  }
  OwnUnload(const OwnUnload&) = delete;
  OwnUnload& operator=(const OwnUnload&) = delete;

  void IsGone() { is_gone_ = true; }

 private:
  LlamaServerEngine& engine_;
  const std::string id_;
  bool is_gone_ = false;
};

absl::StatusOr<LoadResult> LlamaServerEngine::Load(const ModelSpec& spec,
                                                   LoadControl& control) {
  WARMUP_RETURN_IF_ERROR(Identify());
  const std::string& name = NameInEngine(spec);
  const HttpCall call = {.timeout = absl::InfiniteDuration(),
                         .is_cancelled = [&] { return control.IsCancelled(); }};
  control.ReportProgress(0, spec.size_bytes);
  Attempt attempt;
  const absl::StatusOr<ListedModel> model = BringUp(name, call, attempt);
  if (!model.ok()) {
    if (attempt.has_asked || attempt.may_begin) {
      TakeBack(name, attempt.may_begin ? kLlamaServerAbortTime
                                       : absl::ZeroDuration());
    }
    return model.status();
  }
  const Residency residency = Measure(*model, spec);
  control.ReportProgress(residency.total_bytes, residency.total_bytes);
  return LoadResult{
      .residency = residency,
      .read_bytes = attempt.has_waited ? residency.total_bytes : 0,
      .start = attempt.has_waited ? LoadStart::kUnknown : LoadStart::kReady};
}

absl::Status LlamaServerEngine::Unload(const ModelSpec& spec) {
  WARMUP_RETURN_IF_ERROR(Identify());
  const std::string& name = NameInEngine(spec);
  const absl::Time start = absl::Now();
  for (;;) {
    const absl::Time asked = absl::Now();
    WARMUP_ASSIGN_OR_RETURN(const Listing listing, List(kAct));
    const ListedModel* model = FindModel(listing, name);
    if (model == nullptr || model->status == ModelStatus::kUnloaded ||
        model->status == ModelStatus::kOther) {
      return absl::OkStatus();
    }
    if (!listing.is_router) {
      if (model->status == ModelStatus::kSleeping) return absl::OkStatus();
      return api_.ModelError(
          absl::StatusCode::kFailedPrecondition, "ENGINE_CANNOT_UNLOAD", name,
          "a server of one model keeps it; started with --sleep-idle-seconds "
          "it gives the memory back by itself");
    }
    const bool is_loading = model->status == ModelStatus::kLoading;
    if (!is_loading && !IsBusy(*model, kAct)) {
      return EndAndAwait(model->id, kAct);
    }
    const absl::Duration waited = absl::Now() - start;
    if (waited >= options_.unload_timeout) {
      return api_.ModelError(
          absl::StatusCode::kFailedPrecondition, "MEMORY_IN_USE", name,
          is_loading ? "it stays in memory, because somebody is loading it"
                     : "it stays in memory, because a request on it has not "
                       "ended");
    }
    Pause(waited, absl::Now() - asked, kAct);
  }
}

bool LlamaServerEngine::IsBusy(const ListedModel& model, const HttpCall& call) {
  if (model.status == ModelStatus::kSleeping) return false;
  auto activity = Ask(model, /*is_router=*/true, call);
  if (activity.ok() && activity->marks.empty()) {
    // It is about to end: let it be kept awake.
    activity = api_.Ask(model.id, ActivitySource::kSlots, kAct);
  }
  return activity.ok() ? activity->is_busy
                       : absl::IsDeadlineExceeded(activity.status());
}

absl::StatusOr<ListedModel> LlamaServerEngine::BringUp(const std::string& name,
                                                       const HttpCall& call,
                                                       Attempt& attempt) {
  const absl::Time start = absl::Now();
  for (;;) {
    const absl::Time asked = absl::Now();
    const auto listing =
        List({.timeout = kAct.timeout, .is_cancelled = call.is_cancelled});
    // One that hangs for a while may go on with the load afterwards.
    if (absl::IsDeadlineExceeded(listing.status())) continue;
    WARMUP_RETURN_IF_ERROR(listing.status());
    const absl::Duration look = absl::Now() - asked;
    const ListedModel* model = FindModel(*listing, name);
    if (model == nullptr) {
      return api_.ModelError(absl::StatusCode::kNotFound, "MODEL_NOT_FOUND",
                             name,
                             "it is not among the models that are listed");
    }
    WARMUP_ASSIGN_OR_RETURN(const bool is_up,
                            Advance(*listing, *model, call, attempt));
    if (is_up) return *model;
    attempt.has_waited = true;
    Pause(absl::Now() - start, look, call);
  }
}

absl::StatusOr<bool> LlamaServerEngine::Advance(const Listing& listing,
                                                const ListedModel& model,
                                                const HttpCall& call,
                                                Attempt& attempt) {
  switch (model.status) {
    case ModelStatus::kLoaded: {
      absl::Status status = Ask(model, listing.is_router, call).status();
      if (status.ok() || absl::IsDeadlineExceeded(status)) return true;
      if (!IsPassing(status)) return status;
      if (IsSilent(status) && listing.is_router) {
        WARMUP_RETURN_IF_ERROR(EndAndAwait(model.id, call));
      }
      return false;
    }
    case ModelStatus::kSleeping: {
      absl::Status status = api_.Wake(model.id, call);
      if (!status.ok() && !IsPassing(status)) return status;
      return false;
    }
    case ModelStatus::kLoading:
      return false;
    case ModelStatus::kUnloaded: {
      if (attempt.has_asked) return LoadFailure(model);
      const auto asked = api_.Load(model.id, call);
      attempt.has_asked = asked.value_or(false);
      attempt.may_begin = MayGoOn(asked.status());
      if (!asked.ok()) return asked.status();
      return false;
    }
    case ModelStatus::kOther:
      break;
  }
  return api_.ModelError(absl::StatusCode::kUnavailable, "ENGINE_BUSY",
                         model.id, "it is still being downloaded");
}

absl::Status LlamaServerEngine::LoadFailure(const ListedModel& model) const {
  if (!model.has_failed) {
    return api_.ModelError(absl::StatusCode::kUnavailable, "LOAD_NOT_CONFIRMED",
                           model.id,
                           "somebody unloaded it as soon as it was loaded");
  }
  if (is_local_) {
    const absl::Status file = ModelFileReader().ReadHeader(model).status();
    if (absl::IsNotFound(file)) {
      return api_.ModelError(absl::StatusCode::kNotFound, "MODEL_NOT_FOUND",
                             model.id, std::string(file.message()));
    }
    if (absl::IsFailedPrecondition(file)) {
      return api_.ModelError(absl::StatusCode::kFailedPrecondition,
                             "MODEL_DAMAGED", model.id,
                             std::string(file.message()));
    }
  }
  return api_.ModelError(
      absl::StatusCode::kUnavailable, "ENGINE_FAILED", model.id,
      "its process ended while it was loading; only the log of the server "
      "tells why (too little memory, a file that it cannot use, or somebody "
      "unloaded it)");
}

void LlamaServerEngine::TakeBack(const std::string& name,
                                 absl::Duration patience) {
  const absl::Time deadline = absl::Now() + patience;
  for (;;) {
    const auto listing = List(kTakeBack);
    if (!listing.ok()) return;  // its models have gone with it
    const ListedModel* model = FindModel(*listing, name);
    if (model == nullptr || !listing->is_router) return;
    if (model->status == ModelStatus::kLoading ||
        (IsUp(*model) && !IsBusy(*model, kTakeBack))) {
      const absl::Status gone = EndAndAwait(model->id, kTakeBack);
      static_cast<void>(gone);  // the load's own error says more
      return;
    }
    if (IsUp(*model) || absl::Now() >= deadline) return;
    absl::SleepFor(kShortPause);
  }
}

absl::Status LlamaServerEngine::EndAndAwait(const std::string& id,
                                            const HttpCall& call) {
  OwnUnload own(*this, id);
  const absl::Time start = absl::Now();
  WARMUP_RETURN_IF_ERROR(api_.Unload(id, call));
  for (;;) {
    const absl::Time asked = absl::Now();
    WARMUP_ASSIGN_OR_RETURN(const Listing listing, List(call));
    const ListedModel* model = FindModel(listing, id);
    if (model == nullptr || model->status == ModelStatus::kUnloaded ||
        model->status == ModelStatus::kOther) {
      own.IsGone();
      return absl::OkStatus();
    }
    const absl::Duration waited = absl::Now() - start;
    if (waited >= options_.unload_timeout) {
      return api_.ModelError(absl::StatusCode::kFailedPrecondition,
                             "MEMORY_IN_USE", id,
                             "it stays in memory: its process does not end");
    }
    Pause(waited, absl::Now() - asked, call);
  }
}

}  // namespace warmup
