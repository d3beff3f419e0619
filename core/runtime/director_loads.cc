// The director's loads and holds: who waits, who leases, who unloads.

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/runtime/director.h"
#include "core/runtime/event_data.h"

namespace warmup {
absl::Status Director::DemandModel(absl::Time now, const ModelId& id,
                                   WaiterId waiter, absl::Time deadline,
                                   Effects* fx) {
  WARMUP_ASSIGN_OR_RETURN(const Catalogue::Entry* found, FindEntry(id));
  WARMUP_RETURN_IF_ERROR(CheckHasEngine(found->spec));
  last_fact_at_ = now;
  UseUnlessUsed(now, *found);
  WARMUP_ASSIGN_OR_RETURN(std::optional<Wake> wake,
                          coordinator_.Demand(now, id, waiter, deadline));
  warmups_.OnDemanded(now, id);
  if (wake.has_value()) {
    ++totals_.demands_warm;
    fx->observation.demands.push_back({"warm", absl::ZeroDuration()});
    fx->wakes.push_back(*std::move(wake));
    Changed(id, fx);
    return absl::OkStatus();
  }
  Changed(id, fx);
  Reconcile(now, fx);
  return absl::OkStatus();
}

absl::Status Director::RequestModel(absl::Time now, const ModelId& id,
                                    bool may_evict, Effects* fx) {
  WARMUP_ASSIGN_OR_RETURN(const Catalogue::Entry* found, FindEntry(id));
  WARMUP_RETURN_IF_ERROR(CheckHasEngine(found->spec));
  // What the policy would refuse is refused before anything is changed: the
  // caller is not there any more to be told later.
  const Coordinator::Track* track = coordinator_.Find(id);
  const bool is_idle = track == nullptr ||
                       track->state() == ModelState::kCold ||
                       track->state() == ModelState::kFailed;
  if (is_idle && !coordinator_.IsBackingOff(now, id)) {
    PolicySnapshot snapshot = Snapshot(now);
    const Catalogue::Entry& entry = *found;
    std::erase_if(snapshot.wanted,
                  [&](const WantedView& w) { return w.model == id; });
    snapshot.wanted.insert(snapshot.wanted.begin(),
                           {id, entry.spec.device, entry.PeakBytes(),
                            LoadKind::kAnnounced, may_evict});
    for (const Decision& decision : Decide(snapshot)) {
      if (decision.action == Decision::Action::kRefuse &&
          decision.model == id) {
        return decision.refusal;
      }
    }
  }
  WARMUP_RETURN_IF_ERROR(coordinator_.Request(now, id, may_evict));
  AnnounceUnlessUsed(now, *found);
  Reconcile(now, fx);
  return absl::OkStatus();
}

absl::Status Director::UnloadModel(absl::Time now, const ModelId& id,
                                   WaiterId waiter, absl::Time deadline,
                                   Effects* fx) {
  WARMUP_ASSIGN_OR_RETURN(const Catalogue::Entry* entry, FindEntry(id));
  if (entry->spec.is_pinned) return ModelInUse(id, "pinned: unpin it first");
  if (leases_.Count(id) > 0) return ModelInUse(id, "leased");
  const Coordinator::Track* track = coordinator_.Find(id);
  if (track != nullptr && !track->waiters.empty()) {
    return ModelInUse(id, "waited for");
  }
  if (track != nullptr && track->is_busy) {
    return ModelInUse(id, "busy: its engine shows a request in flight");
  }
  coordinator_.HoldOffGuesses(id, now + kHoldOffAfterUnload);
  const ModelState state = coordinator_.Find(id)->state();
  if (state == ModelState::kLoading) {
    if (!track->is_cancelling) BeginCancel(now, id, "unloaded by hand", fx);
    coordinator_.AwaitUnload(now, id, waiter, deadline);
    return absl::OkStatus();
  }
  if (state == ModelState::kReady) {
    BeginUnload(now, id, "unloaded by hand", fx);
    coordinator_.AwaitUnload(now, id, waiter, deadline);
    return absl::OkStatus();
  }
  if (state == ModelState::kUnloading) {
    coordinator_.AwaitUnload(now, id, waiter, deadline);
    return absl::OkStatus();
  }
  fx->wakes.push_back(
      {waiter, id, absl::OkStatus(), ServedAs::kWarm, absl::ZeroDuration()});
  return absl::OkStatus();
}

void Director::Withdraw(absl::Time now, WaiterId waiter, Effects* fx) {
  const std::optional<ModelId> model = coordinator_.Withdraw(waiter);
  if (!model.has_value()) return;
  Changed(*model, fx);
  Reconcile(now, fx);
}

absl::StatusOr<Lease> Director::AcquireLease(absl::Time now,
                                             const LeaseId& lease,
                                             const ModelId& id,
                                             absl::Duration duration,
                                             Effects* fx) {
  WARMUP_RETURN_IF_ERROR(FindEntry(id).status());
  WARMUP_ASSIGN_OR_RETURN(Lease acquired,
                          leases_.Acquire(now, lease, id, duration));
  Changed(id, fx);
  return acquired;
}

absl::StatusOr<Lease> Director::RenewLease(absl::Time now, const LeaseId& lease,
                                           absl::Duration duration) {
  return leases_.Renew(now, lease, duration);
}

absl::Status Director::ReleaseLease(absl::Time now, const LeaseId& lease,
                                    Effects* fx) {
  WARMUP_ASSIGN_OR_RETURN(const Lease released, leases_.Release(lease));
  coordinator_.Touch(now, released.model);
  Changed(released.model, fx);
  Reconcile(now, fx);
  return absl::OkStatus();
}

void Director::TellOutlook() {
  std::map<std::string, int> waiters;
  std::map<std::string, int64_t> held;
  for (const auto& [id, track] : coordinator_.active()) {
    const Catalogue::Entry* entry = catalogue_.Find(id);
    if (entry == nullptr) continue;
    const std::string& device = entry->spec.device;
    if (!track->waiters.empty()) {
      waiters[device] += static_cast<int>(track->waiters.size());
    }
    if (!IsHeld(*entry)) held[device] += ledger_.HeldBy(id);
  }
  outlook_.SetWaiters(waiters);
  outlook_.SetHeld(held);
}

}  // namespace warmup
