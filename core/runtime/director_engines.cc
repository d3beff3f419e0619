// The director's eyes: what engines show of themselves, whoever caused it.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/runtime/director.h"
#include "core/runtime/event_data.h"

namespace warmup {
namespace {

// How long after the last sign of use somebody counts as here.
constexpr absl::Duration kHereAfterFact = absl::Minutes(1);

}  // namespace

void Director::OnLooked(absl::Time now, const EngineLook& look, Effects* fx) {
  const auto known = engines_.find(look.engine);
  if (known == engines_.end()) return;  // removed meanwhile
  EngineState& state = known->second;
  SetHealth(now, look.engine, look.sightings.status(), fx);
  ++state.totals.looks;
  state.totals.looking += now - look.started;
  state.loading.clear();
  if (!look.sightings.ok()) {
    ++state.totals.looks_failed;
    // Who does not answer may only be slow; who is not there holds nothing.
    if (!absl::IsUnavailable(look.sightings.status())) return;
    for (const ModelSpec& spec : *look.models) {
      const Coordinator::Track* track = coordinator_.Find(spec.id);
      if (track == nullptr || track->state() != ModelState::kReady ||
          HasChangedSince(look.started, spec.id)) {
        continue;
      }
      Lost(now, spec.id, Residency{}, fx);
    }
    Reconcile(now, fx);
    return;
  }
  if (state.max_models != look.max_models) {
    state.max_models = look.max_models;
    SetLimits();
  }
  for (size_t i = 0; i < look.models->size(); ++i) {
    const ModelSpec& spec = (*look.models)[i];
    const Catalogue::Entry* entry = catalogue_.Find(spec.id);
    if (entry == nullptr || entry->spec.engine != spec.engine) continue;
    const Sighting& sighting = (*look.sightings)[i];
    if (!HasChangedSince(look.started, spec.id)) {
      OnSighted(now, spec, sighting, fx);
      const Coordinator::Track* track = coordinator_.Find(spec.id);
      if (sighting.is_loading &&
          (track == nullptr || track->state() != ModelState::kLoading)) {
        state.loading.insert(spec.id);
      }
    }
    // The engine shows it once, whatever became of the model meanwhile.
    if (sighting.uses > 0) {
      use_matcher_.OnSeen(now, spec.id, sighting.uses);
      coordinator_.Touch(now, spec.id);
      last_fact_at_ = now;
      Changed(spec.id, fx);
    }
  }
  CountSeen(now, fx);
  Reconcile(now, fx);
}

void Director::CountSeen(absl::Time now, Effects* fx) {
  const bool is_connected = sessions_.size() > 0;
  for (const UseMatcher::Seen& seen :
       use_matcher_.TakeUnreported(now, is_connected)) {
    if (catalogue_.Find(seen.model) == nullptr) continue;
    Used(now, {seen.model, "", "", seen.at}, fx);
    ++totals_.usages_seen;
  }
}

void Director::OnSighted(absl::Time now, const ModelSpec& spec,
                         const Sighting& sighting, Effects* fx) {
  const bool is_warm = sighting.residency.tier == Tier::kReady;
  const Coordinator::Track* track = coordinator_.Find(spec.id);
  const ModelState state =
      track == nullptr ? ModelState::kCold : track->state();
  if (state == ModelState::kReady) {
    if (is_warm) {
      ledger_.Settle(spec.id, sighting.residency.resident_bytes);
    } else {
      Lost(now, spec.id, sighting.residency, fx);
    }
    if (sighting.was_unloaded) {
      coordinator_.HoldOffGuesses(spec.id, now + kHoldOffAfterUnload);
    }
  } else if (is_warm &&
             (state == ModelState::kCold || state == ModelState::kFailed)) {
    FoundReady(now, spec, sighting.residency, fx);
  }
  if (is_warm) coordinator_.SetBusy(spec.id, sighting.is_busy);
  if (state != ModelState::kLoading) {
    SetCached(spec.id, !is_warm && sighting.is_cached, fx);
  }
}

void Director::SetCached(const ModelId& id, bool is_cached, Effects* fx) {
  const bool was_cached =
      is_cached ? !cached_.insert(id).second : cached_.erase(id) > 0;
  if (was_cached == is_cached) return;
  Reprice(id);
  Changed(id, fx);
}

bool Director::HasChangedSince(absl::Time since, const ModelId& id) const {
  const Coordinator::Track* track = coordinator_.Find(id);
  return track != nullptr && track->changed_at > since;
}

// Somebody loaded it elsewhere, and waited for it; unless it was there before
// we first looked.
void Director::CountForeignLoad(const ModelSpec& spec) {
  const Catalogue::Entry* entry = catalogue_.Find(spec.id);
  const auto engine = engines_.find(spec.engine);
  if (entry == nullptr || engine == engines_.end()) return;
  const EngineTotals& totals = engine->second.totals;
  if (totals.looks - totals.looks_failed < 2) return;
  const Outlook::Cost cost = CostOf(*entry);
  outlook_.OnLoadStarted(cost.device, cost.bytes);
  outlook_.AddWait(cost.device, cost.load);
}

void Director::FoundReady(absl::Time now, const ModelSpec& spec,
                          const Residency& residency, Effects* fx) {
  ledger_.Reserve(spec.id, spec.device, residency.resident_bytes);
  CountForeignLoad(spec);
  warmups_.OnFoundReady(now, spec.id);
  fx->events.push_back(
      MakeEvent(now, "model_found_ready",
                {{"model_id", spec.id},
                 {"engine", spec.engine},
                 {"resident_bytes", residency.resident_bytes}}));
  Serve(coordinator_.OnFoundReady(now, spec.id), fx);
  Changed(spec.id, fx);
}

void Director::Lost(absl::Time now, const ModelId& id,
                    const Residency& residency, Effects* fx) {
  fx->events.push_back(
      MakeEvent(now, "model_lost",
                {{"model_id", id},
                 {"tier", ToString(residency.tier)},
                 {"resident_bytes", residency.resident_bytes}}));
  if (residency.tier != Tier::kCold) {
    // What is left is given up, so that the ledger is true again; whoever
    // needs it loads it whole.
    BeginUnload(now, id, "no longer wholly in memory", fx);
    return;
  }
  ledger_.Release(id);
  warmups_.OnGone(now, id);
  coordinator_.OnLost(now, id);
  Changed(id, fx);
}

void Director::SetHealth(absl::Time now, const std::string& engine,
                         const absl::Status& health, Effects* fx) {
  const auto it = engines_.find(engine);
  if (it == engines_.end()) return;  // removed meanwhile
  EngineState& state = it->second;
  const bool was_available = state.health.ok();
  const bool is_first = state.since == absl::InfinitePast();
  state.health = health;
  if (health.ok() == was_available && !is_first) return;
  state.since = now;
  fx->observation.have_engines_changed = true;
  if (!health.ok()) {
    if (is_first) return;  // most people have few of the engines there are
    fx->events.push_back(MakeEvent(
        now, "engine_unavailable",
        {{"engine", engine}, {"error", std::string(health.message())}}));
    return;
  }
  if (was_available) return;  // as was to be expected
  fx->events.push_back(
      MakeEvent(now, "engine_available", {{"engine", engine}}));
  for (const ModelSpec& spec : *ModelsOf(engine)) {
    coordinator_.EndBackoff(now, spec.id);
  }
}

bool Director::IsAvailable(const std::string& engine) const {
  const auto it = engines_.find(engine);
  return it != engines_.end() && it->second.health.ok();
}

bool Director::OnOffered(absl::Time now, ModelSpec spec, Effects* fx) {
  const Catalogue::Entry* there = catalogue_.Find(spec.id);
  if (there != nullptr && there->spec.engine != spec.engine) {
    spec.id = absl::StrCat(spec.engine, "/", spec.id);
    there = catalogue_.Find(spec.id);
  }
  return there == nullptr && RegisterModel(now, std::move(spec), fx).ok();
}

void Director::AddEngine(absl::Time now, const std::string& engine,
                         Effects* fx) {
  if (!engines_.try_emplace(engine).second) return;
  fx->observation.have_engines_changed = true;
  fx->events.push_back(MakeEvent(now, "engine_added", {{"engine", engine}}));
}

absl::Status Director::RemoveEngine(absl::Time now, const std::string& engine,
                                    Effects* fx) {
  const auto models = ModelsOf(engine);
  for (const ModelSpec& spec : *models) {
    const Coordinator::Track* track = coordinator_.Find(spec.id);
    if (spec.is_pinned) return ModelInUse(spec.id, "pinned: unpin it first");
    if (leases_.Count(spec.id) > 0) return ModelInUse(spec.id, "leased");
    if (track == nullptr) continue;
    if (!track->waiters.empty()) return ModelInUse(spec.id, "waited for");
    if (track->state() == ModelState::kLoading ||
        track->state() == ModelState::kUnloading) {
      return ModelInUse(spec.id, ToString(track->state()));
    }
  }
  for (const ModelSpec& spec : *models) {
    const Coordinator::Track* track = coordinator_.Find(spec.id);
    if (track != nullptr && track->state() == ModelState::kReady) {
      ledger_.Release(spec.id);
      warmups_.OnGone(now, spec.id);
      coordinator_.OnLost(now, spec.id);
    }
    WARMUP_RETURN_IF_ERROR(RemoveModel(now, spec.id, fx));
  }
  engines_.erase(engine);
  fx->observation.have_engines_changed = true;
  fx->events.push_back(MakeEvent(now, "engine_removed", {{"engine", engine}}));
  Reconcile(now, fx);
  return absl::OkStatus();
}

size_t Director::CountModels(const std::string& engine) const {
  const auto state = engines_.find(engine);
  if (state != engines_.end() && state->second.models != nullptr) {
    return state->second.models->size();
  }
  const auto all = catalogue_.List("", catalogue_.size());
  return static_cast<size_t>(
      std::count_if(all.begin(), all.end(), [&](const Catalogue::Entry* entry) {
        return entry->spec.engine == engine;
      }));
}

std::vector<EngineStatus> Director::ListEngines() const {
  std::map<std::string, EngineStatus> engines;
  for (const auto& [id, state] : engines_) {
    EngineStatus& status = engines[id];
    status.info.id = id;
    status.health = state.health;
    status.since = state.since;
    status.models = CountModels(id);
    status.totals = state.totals;
  }
  for (const auto& [id, track] : coordinator_.active()) {
    if (track->state() != ModelState::kReady) continue;
    const auto status = engines.find(catalogue_.Find(id)->spec.engine);
    if (status != engines.end()) ++status->second.models_ready;
  }
  std::vector<EngineStatus> list;
  for (auto& [id, status] : engines) list.push_back(std::move(status));
  return list;
}

std::shared_ptr<const std::vector<ModelSpec>> Director::ModelsOf(
    const std::string& engine) {
  const auto state = engines_.find(engine);
  if (state == engines_.end()) {
    return std::make_shared<const std::vector<ModelSpec>>();
  }
  if (state->second.models == nullptr) {
    std::vector<ModelSpec> models;
    for (const Catalogue::Entry* entry :
         catalogue_.List("", catalogue_.size())) {
      if (entry->spec.engine == engine) models.push_back(entry->spec);
    }
    state->second.models =
        std::make_shared<const std::vector<ModelSpec>>(std::move(models));
  }
  return state->second.models;
}

bool Director::IsAnybodyHere(absl::Time now) const {
  return sessions_.size() > 0 || now - last_fact_at_ < kHereAfterFact;
}

}  // namespace warmup
