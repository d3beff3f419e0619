// The director's catalogue: what models there are, and the switching policy.

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/runtime/director.h"
#include "core/runtime/event_data.h"

namespace warmup {
namespace {

bool HoldsMemory(const Coordinator::Track* track) {
  return track != nullptr && track->state() != ModelState::kCold &&
         track->state() != ModelState::kFailed;
}

}  // namespace

absl::StatusOr<const Catalogue::Entry*> Director::FindEntry(
    const ModelId& id) const {
  const Catalogue::Entry* entry = catalogue_.Find(id);
  if (entry == nullptr) return ModelNotFound(id);
  return entry;
}

absl::Status Director::CheckPlacement(const ModelSpec& spec) const {
  if (!HasEngine(spec.engine)) {
    return MakeError(absl::StatusCode::kNotFound, "ENGINE_NOT_FOUND",
                     absl::StrCat("model \"", spec.id, "\" names engine \"",
                                  spec.engine, "\", which is not there"),
                     {{"model", spec.id}, {"engine", spec.engine}});
  }
  if (!options_.devices.contains(spec.device)) {
    return MakeError(absl::StatusCode::kNotFound, "DEVICE_NOT_FOUND",
                     absl::StrCat("model \"", spec.id, "\" names device \"",
                                  spec.device, "\", which is not there"),
                     {{"model", spec.id}, {"device", spec.device}});
  }
  return absl::OkStatus();
}

absl::Status Director::CheckHasEngine(const ModelSpec& spec) const {
  if (HasEngine(spec.engine)) return absl::OkStatus();
  return MakeError(
      absl::StatusCode::kUnavailable, "ENGINE_UNAVAILABLE",
      absl::StrCat("model \"", spec.id, "\" is of engine \"", spec.engine,
                   "\", which is neither configured nor found"),
      {{"model", spec.id}, {"engine", spec.engine}}, absl::Seconds(1));
}

void Director::ForgetModelsOf(const std::string& engine) {
  const auto state = engines_.find(engine);
  if (state != engines_.end()) state->second.models = nullptr;
}

absl::StatusOr<ModelView> Director::RegisterModel(absl::Time now,
                                                  ModelSpec spec, Effects* fx) {
  WARMUP_RETURN_IF_ERROR(ValidateSpec(spec));
  WARMUP_RETURN_IF_ERROR(CheckPlacement(spec));
  WARMUP_ASSIGN_OR_RETURN(const ModelSpec registered,
                          catalogue_.Register(std::move(spec)));
  by_type_[registered.type].insert(registered.id);
  ForgetModelsOf(registered.engine);
  Reprice(registered.id);  // it may have been known before
  fx->changes.push_back(PutModel{registered});
  Log(now, "model_registered", registered.id, fx);
  Changed(registered.id, fx);
  return View(*catalogue_.Find(registered.id));
}

absl::StatusOr<ModelView> Director::UpdateModel(
    absl::Time now, ModelSpec spec, std::optional<int64_t> expected_revision,
    Effects* fx) {
  WARMUP_ASSIGN_OR_RETURN(const Catalogue::Entry* entry, FindEntry(spec.id));
  WARMUP_RETURN_IF_ERROR(ValidateSpec(spec));
  WARMUP_RETURN_IF_ERROR(CheckPlacement(spec));
  const ModelSpec& old = entry->spec;
  const bool moves = spec.engine != old.engine || spec.source != old.source ||
                     spec.device != old.device;
  if (moves && HoldsMemory(coordinator_.Find(spec.id))) {
    return ModelInUse(spec.id,
                      "not cold: unload it before its engine, source or device "
                      "changes");
  }
  const ModelMeasurements measured = entry->measured;
  const ModelType old_type = old.type;
  const std::string old_engine = old.engine;
  const ModelId id = spec.id;
  WARMUP_ASSIGN_OR_RETURN(
      const ModelSpec updated,
      catalogue_.Update(std::move(spec), expected_revision));
  if (moves) cached_.erase(id);
  by_type_[old_type].erase(id);
  by_type_[updated.type].insert(id);
  ForgetModelsOf(old_engine);
  ForgetModelsOf(updated.engine);
  Reprice(id);
  fx->changes.push_back(PutModel{updated});
  if (catalogue_.Find(id)->measured != measured) {
    fx->changes.push_back(PutMeasurements{id, {}});
  }
  Log(now, "model_updated", id, fx);
  Changed(id, fx);
  Reconcile(now, fx);
  return View(*catalogue_.Find(id));
}

absl::Status Director::RemoveModel(absl::Time now, const ModelId& id,
                                   Effects* fx) {
  WARMUP_ASSIGN_OR_RETURN(const Catalogue::Entry* entry, FindEntry(id));
  const Coordinator::Track* track = coordinator_.Find(id);
  if (HoldsMemory(track)) return ModelInUse(id, "not cold: unload it first");
  if (entry->spec.is_pinned) return ModelInUse(id, "pinned: unpin it first");
  if (leases_.Count(id) > 0) return ModelInUse(id, "leased");
  if (track != nullptr && !track->waiters.empty()) {
    return ModelInUse(id, "waited for");
  }
  by_type_[entry->spec.type].erase(id);
  ForgetModelsOf(entry->spec.engine);
  WARMUP_RETURN_IF_ERROR(catalogue_.Remove(id).status());
  coordinator_.Forget(id);
  use_matcher_.Forget(id);
  warmups_.Forget(id);
  outlook_.Remove(id);
  demanded_.erase(id);
  cached_.erase(id);
  ++version_;
  fx->changes.push_back(DeleteModel{id});
  fx->observation.removed.push_back({id, version_});
  fx->events.push_back(MakeEvent(now, "model_removed", {{"model_id", id}}));
  return absl::OkStatus();
}

absl::StatusOr<ModelView> Director::PinModel(absl::Time now, const ModelId& id,
                                             bool is_pinned, Effects* fx) {
  WARMUP_ASSIGN_OR_RETURN(const Catalogue::Entry* entry, FindEntry(id));
  ModelSpec spec = entry->spec;
  spec.is_pinned = is_pinned;
  return UpdateModel(now, std::move(spec), std::nullopt, fx);
}

absl::StatusOr<ModelView> Director::GetModel(const ModelId& id) const {
  WARMUP_ASSIGN_OR_RETURN(const Catalogue::Entry* entry, FindEntry(id));
  return View(*entry);
}

std::vector<ModelView> Director::ListModels(const ModelId& after,
                                            size_t limit) const {
  std::vector<ModelView> views;
  for (const Catalogue::Entry* entry : catalogue_.List(after, limit)) {
    views.push_back(View(*entry));
  }
  return views;
}

absl::Status Director::SetPolicy(absl::Time now, const SwitchingPolicy& policy,
                                 Effects* fx) {
  WARMUP_RETURN_IF_ERROR(ValidatePolicy(policy));
  policy_ = policy;
  SetLimits();
  fx->changes.push_back(PutPolicy{policy});
  fx->events.push_back(
      MakeEvent(now, "policy_changed",
                {{"max_concurrent_models",
                  static_cast<int64_t>(policy.max_concurrent_models)},
                 {"max_concurrent_loads",
                  static_cast<int64_t>(policy.max_concurrent_loads)},
                 {"switching_timeout_ms",
                  absl::ToInt64Milliseconds(policy.switching_timeout)},
                 {"resource_aware_switching", policy.resource_aware_switching},
                 {"predictive_preloading", policy.predictive_preloading},
                 {"memory_price", policy.memory_price}}));
  Reconcile(now, fx);
  return absl::OkStatus();
}

}  // namespace warmup
