#include "core/runtime/director.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "core/base/limits.h"
#include "core/runtime/event_data.h"

namespace warmup {
namespace {

std::map<std::string, int64_t> BudgetsOf(const Director::Options& options) {
  std::map<std::string, int64_t> budgets;
  for (const auto& [device, device_options] : options.devices) {
    budgets[device] = device_options.budget_bytes;
  }
  return budgets;
}

double PriorityFactor(Priority priority) {
  switch (priority) {
    case Priority::kLow:
      return 0.5;
    case Priority::kMedium:
      return 1;
    case Priority::kHigh:
      return 2;
    case Priority::kCritical:
      return 4;
  }
  return 1;
}

}  // namespace

Director::Director(Options options)
    : options_(std::move(options)),
      policy_(options_.policy),
      coordinator_({.seed = options_.seed}),
      outlook_(BudgetsOf(options_), options_.zone) {
  for (const auto& [device, device_options] : options_.devices) {
    ledger_.SetBudget(device, device_options.budget_bytes);
  }
  for (const std::string& engine : options_.engines) engines_[engine];
  SetLimits();
}

absl::Status Director::Restore(const StoredState& state) {
  if (state.policy.has_value()) {
    policy_ = *state.policy;
    // What the configuration switched off stays off.
    policy_.predictive_preloading =
        policy_.predictive_preloading && options_.policy.predictive_preloading;
  }
  for (const StoredState::Model& model : state.models) {
    catalogue_.Restore({model.spec, model.measurements});
    by_type_[model.spec.type].insert(model.spec.id);
  }
  for (const Session& session : state.sessions) sessions_.Restore(session);
  absl::Status restored;
  if (state.foresight.has_value()) restored = outlook_.Load(*state.foresight);
  SetLimits();
  for (const StoredState::Model& model : state.models) Reprice(model.spec.id);
  return restored;
}

ModelView Director::View(const Catalogue::Entry& entry) const {
  ModelView view;
  view.version = version_;
  view.spec = entry.spec;
  view.measured = entry.measured;
  view.cold_load = catalogue_.EstimateLoad(entry, false);
  view.warm_load = catalogue_.EstimateLoad(entry, true);
  const bool is_cached = cached_.contains(entry.spec.id);
  view.next_load = is_cached ? view.warm_load : view.cold_load;
  view.held_bytes = ledger_.HeldBy(entry.spec.id);
  view.lease_count = leases_.Count(entry.spec.id);
  const Coordinator::Track* track = coordinator_.Find(entry.spec.id);
  if (track != nullptr) {
    view.state = track->state();
    view.load_kind = track->kind;
    view.done_bytes = track->done_bytes;
    view.total_bytes = track->total_bytes;
    view.waiter_count = static_cast<int>(track->waiters.size());
    view.last_used = track->last_used;
    view.failures = track->failures;
    view.last_error = std::string(track->last_error.message());
    view.retry_at = track->retry_at;
  }
  if (view.state == ModelState::kReady) {
    view.tier = Tier::kReady;
  } else if (is_cached ||
             (view.state == ModelState::kLoading && view.done_bytes > 0)) {
    view.tier = Tier::kHost;
  }
  const Outlook::Chances chances = outlook_.ChancesOf(entry.spec.id);
  view.p_next = chances.next;
  view.p_5min = chances.within_5min;
  view.p_1h = chances.within_1h;
  return view;
}

void Director::Changed(const ModelId& id, Effects* fx) {
  ++version_;
  const Catalogue::Entry* entry = catalogue_.Find(id);
  if (entry != nullptr) fx->observation.changed.push_back(View(*entry));
}

void Director::Log(absl::Time now, std::string_view type, const ModelId& id,
                   Effects* fx) {
  const Coordinator::Track* track = coordinator_.Find(id);
  const ModelState state =
      track == nullptr ? ModelState::kCold : track->state();
  fx->events.push_back(
      MakeEvent(now, type,
                {{"model_id", id},
                 {"state", ToString(state)},
                 {"load_kind", track == nullptr ? std::string_view("")
                                                : ToString(track->started_as)},
                 {"held_bytes", ledger_.HeldBy(id)}}));
}

Outlook::Cost Director::CostOf(const Catalogue::Entry& entry) const {
  return {
      .device = entry.spec.device,
      .engine = entry.spec.engine,
      .bytes = entry.PeakBytes(),
      .load =
          catalogue_.EstimateLoad(entry, cached_.contains(entry.spec.id)).mean,
      .weight = PriorityFactor(entry.spec.priority)};
}

void Director::Reprice(const ModelId& id) {
  const Catalogue::Entry* entry = catalogue_.Find(id);
  if (entry != nullptr) outlook_.SetCost(id, CostOf(*entry));
}

void Director::SetLimits() {
  Outlook::Limits limits{.loads = policy_.max_concurrent_loads,
                         .models = policy_.max_concurrent_models};
  for (const auto& [id, engine] : engines_) {
    if (engine.max_models > 0) limits.engines[id] = engine.max_models;
  }
  outlook_.SetLimits(limits);
  outlook_.SetPrice(policy_.predictive_preloading ? policy_.memory_price : 0);
}

std::set<std::string> Director::EnginesAtWork() const {
  std::set<std::string> at_work;
  for (const auto& [id, state] : engines_) {
    if (!state.loading.empty()) at_work.insert(id);
  }
  for (const auto& [id, track] : coordinator_.active()) {
    const Catalogue::Entry* entry = catalogue_.Find(id);
    if (entry == nullptr || track->state() != ModelState::kLoading) continue;
    if (track->kind == LoadKind::kDemand) at_work.insert(entry->spec.engine);
  }
  return at_work;
}

void Director::AddForeignLoads(
    std::map<std::string, DeviceView>* devices) const {
  for (const auto& [engine, state] : engines_) {
    for (const ModelId& id : state.loading) {
      const Catalogue::Entry* entry = catalogue_.Find(id);
      if (entry == nullptr) continue;
      const auto device = devices->find(entry->spec.device);
      if (device == devices->end()) continue;
      std::optional<int64_t>& free = device->second.measured_free_bytes;
      if (free.has_value()) *free -= entry->PeakBytes();
    }
  }
}

bool Director::IsHeld(const Catalogue::Entry& entry) const {
  return entry.spec.is_pinned || leases_.Count(entry.spec.id) > 0;
}

PolicySnapshot Director::Snapshot(absl::Time now) const {
  PolicySnapshot snapshot;
  snapshot.switching = policy_;
  for (const auto& [device, device_options] : options_.devices) {
    DeviceView view;
    view.budget_bytes = device_options.budget_bytes;
    view.used_bytes = ledger_.Used(device);
    view.reserve_bytes = device_options.reserve_bytes;
    if (policy_.predictive_preloading) {
      view.evict_by = outlook_.EvictByOn(device);
    }
    const auto seen = devices_.find(device);
    if (seen != devices_.end() && seen->second.problem.empty() &&
        seen->second.memory.has_value()) {
      view.measured_free_bytes = seen->second.memory->free_bytes;
    }
    snapshot.devices[device] = view;
  }
  AddForeignLoads(&snapshot.devices);
  for (const auto& [id, engine] : engines_) {
    if (engine.max_models > 0) snapshot.engine_limits[id] = engine.max_models;
  }
  for (const auto& [id, held] : coordinator_.active()) {
    const Coordinator::Track& track = *held;
    const bool holds_memory = track.state() == ModelState::kLoading ||
                              track.state() == ModelState::kReady ||
                              track.state() == ModelState::kUnloading;
    if (!holds_memory) continue;
    const Catalogue::Entry* entry = catalogue_.Find(id);
    if (entry == nullptr) continue;
    // Without forecasts: by priority, then by recency.
    Outlook::Standing standing{
        .value = static_cast<double>(entry->spec.priority),
        .touched = absl::ToUnixMicros(track.recency())};
    if (policy_.predictive_preloading) standing = outlook_.StandingOf(id);
    snapshot.residents.push_back(
        {.model = id,
         .engine = entry->spec.engine,
         .device = entry->spec.device,
         .state = track.state(),
         .bytes = ledger_.HeldBy(id),
         .kind = track.kind,
         .is_cancelling = track.is_cancelling,
         .is_held = IsHeld(*entry),
         .is_busy = track.is_busy,
         .is_wanted = !track.waiters.empty(),
         .load_started = track.load_started,
         .is_followed = standing.is_followed,
         .is_given_back = standing.is_given_back &&
                          now >= track.requested_at + kAskedForStays,
         .value = standing.value,
         .touched = standing.touched});
  }
  for (const Coordinator::Wanted& wanted : coordinator_.WantedModels(now)) {
    const Catalogue::Entry* entry = catalogue_.Find(wanted.model);
    if (entry == nullptr || !HasEngine(entry->spec.engine)) continue;
    snapshot.wanted.push_back({wanted.model, entry->spec.device,
                               entry->PeakBytes(), wanted.kind,
                               wanted.may_evict});
  }
  if (policy_.predictive_preloading && now != no_guess_at_) {
    AddCandidates(now, &snapshot);
  }
  return snapshot;
}

void Director::AddCandidates(absl::Time now, PolicySnapshot* snapshot) const {
  const std::set<std::string> at_work = EnginesAtWork();
  for (const auto& [device, device_options] : options_.devices) {
    for (const ModelId& id : outlook_.Guesses(device)) {
      const Catalogue::Entry* entry = catalogue_.Find(id);
      const Coordinator::Track* track = coordinator_.Find(id);
      if (entry == nullptr || !IsAvailable(entry->spec.engine) ||
          at_work.contains(entry->spec.engine)) {
        continue;
      }
      if (track != nullptr &&
          ((track->state() != ModelState::kCold &&
            track->state() != ModelState::kFailed) ||
           coordinator_.IsBackingOff(now, id) || now < track->no_guess_before ||
           !track->waiters.empty() || track->is_requested)) {
        continue;
      }
      snapshot->candidates.push_back(
          {.model = id,
           .engine = entry->spec.engine,
           .device = entry->spec.device,
           .bytes = entry->PeakBytes(),
           .is_announced = outlook_.IsAnnounced(id),
           .probability = outlook_.ChancesOf(id).within_1h});
    }
  }
}

void Director::Reconcile(absl::Time now, Effects* fx) {
  outlook_.Advance(now);
  const PolicySnapshot snapshot = Snapshot(now);
  for (const Decision& decision : Decide(snapshot)) {
    Apply(now, decision, fx);
  }
  TellOutlook();
}

void Director::Apply(absl::Time now, const Decision& decision, Effects* fx) {
  const ModelId& id = decision.model;
  switch (decision.action) {
    case Decision::Action::kStartLoad: {
      const Catalogue::Entry& entry = *catalogue_.Find(id);
      ledger_.Reserve(id, entry.spec.device, entry.PeakBytes());
      outlook_.OnLoadStarted(entry.spec.device, entry.PeakBytes());
      warmups_.OnLoadStarted(id, IsGuess(decision));
      const LoadId load = coordinator_.BeginLoad(now, id, decision.kind,
                                                 policy_.switching_timeout);
      fx->loads.push_back({load, entry.spec});
      if (decision.kind == LoadKind::kDemand) ++totals_.loads_demand;
      if (decision.kind == LoadKind::kAnnounced) ++totals_.loads_announced;
      if (decision.kind == LoadKind::kSpeculative) {
        ++totals_.loads_speculative;
      }
      if (decision.kind != LoadKind::kDemand) {
        fx->events.push_back(MakeEvent(now, "warmup_request",
                                       {{"model_id", id},
                                        {"load_kind", ToString(decision.kind)},
                                        {"reason", decision.reason}}));
      }
      Log(now, "model_loading", id, fx);
      Changed(id, fx);
      return;
    }
    case Decision::Action::kUnload:
      ++totals_.evictions;
      BeginUnload(now, id, decision.reason, fx);
      return;
    case Decision::Action::kCancelLoad:
      BeginCancel(now, id, decision.reason, fx);
      return;
    case Decision::Action::kRefuse: {
      std::vector<Wake> wakes = coordinator_.Refuse(now, id, decision.refusal);
      for (const Wake& wake : wakes) {
        fx->observation.demands.push_back({"failed", wake.waited});
      }
      Deliver(std::move(wakes), fx);
      Changed(id, fx);
      return;
    }
  }
}

void Director::Serve(std::vector<Wake> wakes, Effects* fx) {
  for (const Wake& wake : wakes) {
    totals_.waited += wake.waited;
    if (wake.status.ok()) {
      ++(wake.served_as == ServedAs::kLate ? totals_.demands_late
                                           : totals_.demands_cold);
    }
    fx->observation.demands.push_back({wake.status.ok()
                                           ? ToString(wake.served_as)
                                           : std::string_view("failed"),
                                       wake.waited});
  }
  Deliver(std::move(wakes), fx);
}

void Director::Deliver(std::vector<Wake> wakes, Effects* fx) {
  for (Wake& wake : wakes) {
    if (!wake.status.ok()) ++totals_.demands_failed;
    fx->wakes.push_back(std::move(wake));
  }
}

void Director::BeginUnload(absl::Time now, const ModelId& id,
                           std::string_view reason, Effects* fx) {
  const Coordinator::Track& track = *coordinator_.Find(id);
  if (!track.was_served && track.started_as != LoadKind::kDemand) {
    totals_.wasted_bytes += ledger_.HeldBy(id);
  }
  warmups_.OnGone(now, id);
  coordinator_.BeginUnload(id);
  fx->unloads.push_back({catalogue_.Find(id)->spec});
  fx->events.push_back(MakeEvent(now, "model_unloading",
                                 {{"model_id", id}, {"reason", reason}}));
  Changed(id, fx);
}

void Director::BeginCancel(absl::Time now, const ModelId& id,
                           std::string_view reason, Effects* fx) {
  fx->cancels.push_back(coordinator_.BeginCancel(id));
  fx->events.push_back(MakeEvent(now, "warmup_cancelling",
                                 {{"model_id", id}, {"reason", reason}}));
  Changed(id, fx);
}

absl::Time Director::NextDeadline() const {
  return std::min({sessions_.NextExpiry(), leases_.NextExpiry(),
                   coordinator_.NextDeadline(), outlook_.NextChange()});
}

Status Director::GetStatus() const {
  Status status;
  status.totals = totals_;
  status.quality = Quality();
  status.models = catalogue_.size();
  status.sessions = sessions_.size();
  status.waiters = coordinator_.waiter_count();
  status.waits = outlook_.CompareWaits();
  status.policy = policy_;
  for (const auto& [id, track] : coordinator_.active()) {
    if (track->state() == ModelState::kReady) ++status.models_ready;
    if (track->state() == ModelState::kLoading) ++status.models_loading;
  }
  status.engines = ListEngines();
  status.devices = ListDevices();
  status.devices_not_seen = devices_not_seen_;
  return status;
}

std::vector<DeviceStatus> Director::ListDevices() const {
  std::map<std::string, DeviceStatus> devices;
  for (const auto& [id, sample] : devices_) devices[id].sample = sample;
  for (const auto& [id, options] : options_.devices) {
    DeviceStatus& device = devices[id];
    device.sample.id = id;
    device.takes_models = true;
    device.budget_bytes = options.budget_bytes;
    device.used_bytes = ledger_.Used(id);
    device.reserve_bytes = options.reserve_bytes;
  }
  std::vector<DeviceStatus> list;
  for (auto& [id, device] : devices) list.push_back(std::move(device));
  return list;
}

}  // namespace warmup
