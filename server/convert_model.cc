// Models, policies and leases between the API and the core.

#include "absl/strings/str_cat.h"
#include "core/base/limits.h"
#include "core/base/status_macros.h"
#include "server/convert.h"

namespace warmup {

// The casts of ToProto.
static_assert(static_cast<int>(ModelType::kCustom) == v1::MODEL_TYPE_CUSTOM);
static_assert(static_cast<int>(Priority::kCritical) + 1 ==
              v1::REQUEST_PRIORITY_CRITICAL);
static_assert(static_cast<int>(Tier::kReady) + 1 == v1::MODEL_TIER_READY);
static_assert(static_cast<int>(ModelState::kFailed) + 1 ==
              v1::MODEL_STATE_FAILED);
static_assert(static_cast<int>(LoadKind::kDemand) + 1 == v1::LOAD_KIND_DEMAND);
static_assert(static_cast<int>(ServedAs::kCold) + 1 == v1::SERVED_AS_COLD);

v1::ModelType ToProto(ModelType type) {
  return static_cast<v1::ModelType>(type);
}

v1::RequestPriority ToProto(Priority priority) {
  return static_cast<v1::RequestPriority>(static_cast<int>(priority) + 1);
}

v1::ModelTier ToProto(Tier tier) {
  return static_cast<v1::ModelTier>(static_cast<int>(tier) + 1);
}

v1::ModelState ToProto(ModelState state) {
  return static_cast<v1::ModelState>(static_cast<int>(state) + 1);
}

v1::LoadKind ToProto(LoadKind kind) {
  return static_cast<v1::LoadKind>(static_cast<int>(kind) + 1);
}

v1::ServedAs ToProto(ServedAs served_as) {
  return static_cast<v1::ServedAs>(static_cast<int>(served_as) + 1);
}

namespace {

void SetSpec(const ModelSpec& spec, v1::ModelSpec* out) {
  out->set_model_id(spec.id);
  out->set_model_type(ToProto(spec.type));
  out->set_engine(spec.engine);
  out->set_source(spec.source);
  out->set_device(spec.device);
  out->set_priority(ToProto(spec.priority));
  out->set_is_pinned(spec.is_pinned);
  out->set_size_bytes(spec.size_bytes);
  out->set_peak_bytes(spec.peak_bytes);
  out->set_format(spec.format);
  out->set_architecture(spec.architecture);
  out->set_context_length(spec.context_length);
  out->mutable_labels()->insert(spec.labels.begin(), spec.labels.end());
  out->set_revision(spec.revision);
}

void SetLearnedTime(const LearnedTime& learned, v1::LearnedTime* out) {
  SetDuration(learned.mean, out->mutable_time());
  out->set_measured_count(learned.count);
}

void SetLearned(const ModelView& view, v1::LearnedCosts* out) {
  const ModelMeasurements& measured = view.measured;
  SetLearnedTime(view.cold_load, out->mutable_cold_load());
  SetLearnedTime(view.warm_load, out->mutable_warm_load());
  if (measured.other_load.count > 0) {
    SetLearnedTime(measured.other_load, out->mutable_other_load());
  }
  if (measured.first_answer.count > 0) {
    SetLearnedTime(measured.first_answer, out->mutable_first_answer());
  }
  out->set_steady_bytes(measured.steady_bytes);
  out->set_peak_bytes(measured.peak_bytes);
  out->set_memory_count(measured.memory_count);
}

}  // namespace

absl::StatusOr<ModelSpec> ReadSpec(const v1::ModelSpec& in) {
  ModelSpec spec;
  spec.id = in.model_id();
  WARMUP_ASSIGN_OR_RETURN(spec.type,
                          ReadModelType("spec.model_type", in.model_type()));
  spec.engine = in.engine().empty() ? "files" : in.engine();
  spec.source = in.source();
  if (!in.device().empty()) spec.device = in.device();
  WARMUP_ASSIGN_OR_RETURN(spec.priority,
                          ReadPriority("spec.priority", in.priority()));
  spec.is_pinned = in.is_pinned();
  spec.size_bytes = in.size_bytes();
  spec.peak_bytes = in.peak_bytes();
  spec.format = in.format();
  spec.architecture = in.architecture();
  spec.context_length = in.context_length();
  spec.labels.insert(in.labels().begin(), in.labels().end());
  return spec;
}

void SetModel(const WallClock& wall, const ModelView& view, v1::Model* out) {
  SetSpec(view.spec, out->mutable_spec());
  out->set_state(ToProto(view.state));
  out->set_tier(ToProto(view.tier));
  out->set_held_bytes(view.held_bytes);
  if (view.state == ModelState::kLoading) {
    out->set_load_kind(ToProto(view.load_kind));
    out->set_done_bytes(view.done_bytes);
    out->set_total_bytes(view.total_bytes);
  }
  out->set_waiter_count(view.waiter_count);
  out->set_lease_count(view.lease_count);
  if (view.last_used != absl::InfinitePast()) {
    wall.Set(view.last_used, out->mutable_last_used_time());
  }
  if (view.failures > 0) {
    out->set_failure_count(view.failures);
    out->set_last_error(WireText(view.last_error, limits::kMaxPathBytes));
    wall.Set(view.retry_at, out->mutable_retry_time());
  }
  SetDuration(view.next_load.mean, out->mutable_estimated_load_time());
  out->set_measured_load_count(view.next_load.count);
  out->set_measured_bytes(view.measured.steady_bytes);
  out->set_probability_next(view.p_next);
  out->set_probability_5min(view.p_5min);
  out->set_probability_1h(view.p_1h);
  SetLearned(view, out->mutable_learned());
}

absl::StatusOr<SwitchingPolicy> ReadPolicy(const v1::SwitchingPolicy& in) {
  const SwitchingPolicy defaults;
  SwitchingPolicy policy;
  policy.max_concurrent_models = in.max_concurrent_models();
  policy.switching_timeout =
      in.switching_timeout_ms() == 0
          ? defaults.switching_timeout
          : absl::Milliseconds(in.switching_timeout_ms());
  policy.resource_aware_switching = in.resource_aware_switching();
  policy.predictive_preloading = in.predictive_preloading();
  policy.max_concurrent_loads = in.max_concurrent_loads() == 0
                                    ? defaults.max_concurrent_loads
                                    : in.max_concurrent_loads();
  if (!in.memory_price().empty()) {
    WARMUP_ASSIGN_OR_RETURN(
        policy.memory_price,
        ReadMemoryPrice("policy.memory_price", in.memory_price()));
  }
  return policy;
}

void SetPolicy(const SwitchingPolicy& policy, v1::SwitchingPolicy* out) {
  out->set_max_concurrent_models(policy.max_concurrent_models);
  out->set_switching_timeout_ms(static_cast<uint32_t>(
      absl::ToInt64Milliseconds(policy.switching_timeout)));
  out->set_resource_aware_switching(policy.resource_aware_switching);
  out->set_predictive_preloading(policy.predictive_preloading);
  out->set_max_concurrent_loads(policy.max_concurrent_loads);
  out->set_memory_price(absl::StrCat(policy.memory_price));
}

void SetLease(const WallClock& wall, const Lease& lease, v1::Lease* out) {
  out->set_lease_id(lease.id);
  out->set_model_id(lease.model);
  wall.Set(lease.expires_at, out->mutable_expire_time());
}

}  // namespace warmup
