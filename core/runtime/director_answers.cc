// The director's ears: what engines and devices answered, and time passing.

#include <algorithm>
#include <utility>

#include "core/runtime/director.h"
#include "core/runtime/event_data.h"

namespace warmup {
void Director::OnLoadDone(absl::Time now, LoadId id,
                          const absl::StatusOr<LoadResult>& result,
                          Effects* fx) {
  outlook_.Advance(now);
  auto done = coordinator_.OnLoadDone(now, id, result.status());
  if (!done.has_value()) return;
  const ModelId& model = done->model;
  LoadFinished finished{.model = model,
                        .kind = done->started_as,
                        .outcome = "ready",
                        .duration = done->duration,
                        .read_bytes = 0,
                        .error = {}};
  if (result.ok()) {
    finished.read_bytes = result->read_bytes;
    totals_.read_bytes += result->read_bytes;
    warmups_.OnLoadEnded(now, model, WarmupTally::LoadEnd::kReady);
    ++totals_.loads_ready;
    ledger_.Settle(model, result->residency.resident_bytes);
    cached_.erase(model);
    catalogue_.RecordLoad(model,
                          {.start = result->start,
                           .time = done->duration,
                           .steady_bytes = result->residency.resident_bytes,
                           .peak_bytes = result->peak_bytes});
    if (const Catalogue::Entry* entry = catalogue_.Find(model)) {
      fx->changes.push_back(PutMeasurements{model, entry->measured});
    }
    Reprice(model);
    Log(now, "model_ready", model, fx);
    if (done->started_as != LoadKind::kDemand) {
      Log(now, "warmup_complete", model, fx);
    }
  } else {
    ledger_.Release(model);
    finished.outcome = done->was_cancelled ? "cancelled" : "failed";
    warmups_.OnLoadEnded(now, model,
                         done->was_cancelled ? WarmupTally::LoadEnd::kCancelled
                                             : WarmupTally::LoadEnd::kFailed);
    ++(done->was_cancelled ? totals_.loads_cancelled : totals_.loads_failed);
    if (done->was_cancelled) {
      Log(now, "warmup_cancelled", model, fx);
    } else {
      finished.error = std::string(done->status.message());
      if (const Catalogue::Entry* entry = catalogue_.Find(model)) {
        const auto engine = engines_.find(entry->spec.engine);
        if (engine != engines_.end()) ++engine->second.totals.loads_failed;
      }
      fx->events.push_back(
          MakeEvent(now, "model_failed",
                    {{"model_id", model}, {"error", finished.error}}));
    }
  }
  fx->observation.loads.push_back(finished);
  Serve(std::move(done->wakes), fx);
  // Somebody asked to have it unloaded while it was loading.
  const Coordinator::Track* track = coordinator_.Find(model);
  if (!track->unload_waiters.empty()) {
    if (track->state() == ModelState::kReady) {
      BeginUnload(now, model, "unloaded by hand", fx);
    } else {
      Deliver(coordinator_.EndUnloadWait(now, model), fx);
    }
  }
  Changed(model, fx);
  Reconcile(now, fx);
}

void Director::OnUnloadDone(absl::Time now, const ModelId& id,
                            const absl::Status& status, Effects* fx) {
  const Coordinator::Track* track = coordinator_.Find(id);
  if (track == nullptr || track->state() != ModelState::kUnloading) return;
  if (status.ok()) {
    ledger_.Release(id);
  } else {
    warmups_.OnFoundReady(now, id);  // it is there still
  }
  Deliver(coordinator_.OnUnloadDone(now, id, status), fx);
  Log(now, status.ok() ? "model_unloaded" : "model_unload_failed", id, fx);
  Changed(id, fx);
  Reconcile(now, fx);
}

void Director::LearnFirstAnswer(const ModelId& id, absl::Time at,
                                absl::Duration time, Effects* fx) {
  // A request that had to wait for a load tells more of the load.
  const Coordinator::Track* track = coordinator_.Find(id);
  if (track == nullptr || track->state() != ModelState::kReady ||
      at < track->ready_at) {
    return;
  }
  catalogue_.RecordFirstAnswer(id, time);
  fx->changes.push_back(PutMeasurements{id, catalogue_.Find(id)->measured});
}

void Director::OnProgress(LoadId id, int64_t done_bytes, int64_t total_bytes,
                          Effects* fx) {
  const std::optional<ModelId> model =
      coordinator_.OnProgress(id, done_bytes, total_bytes);
  if (model.has_value()) Changed(*model, fx);
}

void Director::OnDevices(std::vector<DeviceSample> devices,
                         std::vector<absl::Status> not_seen) {
  devices_.clear();
  for (DeviceSample& device : devices) {
    const std::string id = device.id;
    devices_[id] = std::move(device);
  }
  devices_not_seen_ = std::move(not_seen);
}

void Director::Tick(absl::Time now, Effects* fx) {
  for (const Session& session : sessions_.Expire(now)) {
    fx->changes.push_back(DeleteSession{session.id});
    fx->events.push_back(
        MakeEvent(now, "session_expired",
                  {{"session_id", session.id}, {"client", session.client}}));
  }
  for (const Lease& lease : leases_.Expire(now)) {
    coordinator_.Touch(now, lease.model);
    Changed(lease.model, fx);
  }
  Coordinator::Expired expired = coordinator_.Expire(now);
  for (const Wake& wake : expired.wakes) Changed(wake.model, fx);
  Serve(std::move(expired.wakes), fx);
  fx->cancels.insert(fx->cancels.end(), expired.cancels.begin(),
                     expired.cancels.end());
  CountSeen(now, fx);
  Reconcile(now, fx);
}

}  // namespace warmup
