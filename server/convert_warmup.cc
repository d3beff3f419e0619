// Sessions, facts, predictions and metrics between the API and the core.

#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/base/status_macros.h"
#include "server/convert.h"

namespace warmup {
namespace {

constexpr double kBytesPerMb = 1024.0 * 1024.0;
constexpr size_t kDefaultMaxModels = 5;

void AddMemory(const std::string& device, int64_t bytes,
               v1::ResourceRequirements* out) {
  const double mb = static_cast<double>(bytes) / kBytesPerMb;
  out->set_memory_mb(out->memory_mb() + mb);
  if (device != "host") out->set_gpu_memory_mb(out->gpu_memory_mb() + mb);
  (*out->mutable_memory_mb_by_device())[device] += mb;
}

// Free words: empty is fine, an identifier's bounds hold else.
absl::Status CheckName(std::string_view field, const std::string& name) {
  return name.empty() ? absl::OkStatus() : ValidateId(field, name);
}

void SetEngineMetrics(const WallClock& wall, const EngineStatus& engine,
                      v1::EngineMetrics* out) {
  const auto number = [](auto n) { return static_cast<double>(n); };
  out->set_engine_id(engine.info.id);
  out->set_kind(engine.info.kind);
  out->set_is_available(engine.IsAvailable());
  out->set_error(
      WireText(std::string(engine.health.message()), limits::kMaxPathBytes));
  if (engine.since != absl::InfinitePast()) {
    wall.Set(engine.since, out->mutable_since());
  }
  out->set_model_count(number(engine.models));
  out->set_ready_model_count(number(engine.models_ready));
  out->set_look_count(number(engine.totals.looks));
  out->set_failed_look_count(number(engine.totals.looks_failed));
  out->set_look_seconds(absl::ToDoubleSeconds(engine.totals.looking));
  out->set_failed_load_count(number(engine.totals.loads_failed));
}

void SetWaits(v1::WaitWindow window, const Waits& waits,
              v1::WaitComparison* out) {
  out->set_window(window);
  out->set_waited_seconds(absl::ToDoubleSeconds(waits.really));
  out->set_lru_waited_seconds(absl::ToDoubleSeconds(waits.lru));
  out->set_ollama_default_waited_seconds(
      absl::ToDoubleSeconds(waits.ollama_default));
}

}  // namespace

absl::StatusOr<Session> ReadSession(const v1::WarmupSession& in) {
  Session session;
  session.id = in.session_id();
  session.user = in.user_id();
  session.client = in.client();
  session.workspace = in.workspace();
  session.language = in.language();
  session.roles.insert(in.roles().begin(), in.roles().end());
  WARMUP_ASSIGN_OR_RETURN(session.lease,
                          ReadDuration("session.lease", in.lease()));
  return session;
}

void SetSession(const WallClock& wall, const Session& session,
                v1::WarmupSession* out) {
  out->set_session_id(session.id);
  out->set_user_id(session.user);
  out->set_client(session.client);
  out->set_workspace(session.workspace);
  out->set_language(session.language);
  out->mutable_roles()->insert(session.roles.begin(), session.roles.end());
  SetDuration(session.lease, out->mutable_lease());
  wall.Set(session.started_at, out->mutable_start_time());
  wall.Set(session.expires_at, out->mutable_expire_time());
}

absl::StatusOr<ActivityReport> ReadActivity(const WallClock& wall,
                                            std::string_view field,
                                            const v1::Activity& in) {
  const std::string name(field);
  ActivityReport report;
  report.kind = in.kind();
  report.session = in.session_id();
  report.user = in.user_id();
  report.role = in.role();
  report.model = in.model_id();
  WARMUP_RETURN_IF_ERROR(
      CheckName(absl::StrCat(name, ".user_id"), report.user));
  if (!report.role.empty() && !report.model.empty()) {
    return InvalidField(absl::StrCat(name, ".role"),
                        "an activity announces a role or a model, not both");
  }
  if (in.has_timestamp()) {
    WARMUP_ASSIGN_OR_RETURN(
        report.at, wall.Read(absl::StrCat(name, ".timestamp"), in.timestamp()));
  }
  return report;
}

absl::StatusOr<UsageReport> ReadUsage(const WallClock& wall,
                                      std::string_view field,
                                      const v1::Usage& in) {
  const std::string name(field);
  UsageReport report;
  report.id = in.usage_id();
  report.model = in.model_id();
  report.session = in.session_id();
  report.user = in.user_id();
  WARMUP_RETURN_IF_ERROR(
      ValidateId(absl::StrCat(name, ".model_id"), report.model));
  WARMUP_RETURN_IF_ERROR(CheckName(absl::StrCat(name, ".usage_id"), report.id));
  WARMUP_RETURN_IF_ERROR(
      CheckName(absl::StrCat(name, ".user_id"), report.user));
  if (in.has_timestamp()) {
    WARMUP_ASSIGN_OR_RETURN(
        report.at, wall.Read(absl::StrCat(name, ".timestamp"), in.timestamp()));
  }
  if (in.has_first_answer_ms()) {
    if (std::isnan(in.first_answer_ms())) {
      return InvalidField(absl::StrCat(name, ".first_answer_ms"),
                          "is not a number");
    }
    report.first_answer = absl::Milliseconds(in.first_answer_ms());
  }
  return report;
}

absl::StatusOr<PredictionRequest> ReadPredictionRequest(
    const v1::GetWarmupPredictionRequest& in) {
  PredictionRequest request;
  WARMUP_ASSIGN_OR_RETURN(request.task, ReadModelType("task", in.task()));
  if (in.input_length() < 0) {
    return InvalidField("input_length", "must not be negative");
  }
  if (std::isnan(in.complexity()) || in.complexity() < 0 ||
      in.complexity() > 1) {
    return InvalidField(
        "complexity", absl::StrCat("is ", in.complexity(), ", outside 0 to 1"));
  }
  WARMUP_RETURN_IF_ERROR(ReadPriority("priority", in.priority()).status());
  if (in.project_context().file_count() < 0) {
    return InvalidField("project_context.file_count", "must not be negative");
  }
  if (in.project_context().language().size() > limits::kMaxIdBytes) {
    return InvalidField(
        "project_context.language",
        absl::StrCat("has more than ", limits::kMaxIdBytes, " bytes"));
  }
  WARMUP_RETURN_IF_ERROR(
      CheckName("user_context.user_id", in.user_context().user_id()));
  if (in.max_models() < 0) {
    return InvalidField("max_models", "must not be negative");
  }
  if (!v1::PredictionMode_IsValid(in.mode())) {
    return InvalidField("mode", absl::StrCat("has no value ", int{in.mode()}));
  }
  request.session = in.session_id();
  request.user = in.user_context().user_id();
  request.preferred_device = in.preferred_hardware();
  request.max_models = in.max_models() == 0
                           ? kDefaultMaxModels
                           : static_cast<size_t>(in.max_models());
  request.warm = in.mode() == v1::PREDICTION_MODE_PREDICT_AND_WARM;
  return request;
}

void SetPrediction(const v1::GetWarmupPredictionRequest& request,
                   const Prediction& prediction,
                   v1::GetWarmupPredictionResponse* out) {
  for (const PredictedModel& predicted : prediction.models) {
    const Forecast& forecast = predicted.forecast;
    const ModelView& model = predicted.model;
    const double warmup_ms =
        absl::ToDoubleMilliseconds(predicted.estimated_warmup);
    v1::PredictedModel& to = *out->add_predicted_models();
    to.set_model_id(forecast.model);
    to.set_model_type(ToProto(model.spec.type));
    to.set_priority(ToProto(model.spec.priority));
    to.set_probability_next(forecast.p_next);
    to.set_probability_5min(forecast.p_5min);
    to.set_probability_1h(forecast.p_1h);
    if (forecast.expected_until_use < absl::InfiniteDuration()) {
      to.set_expected_seconds_until_use(
          absl::ToDoubleSeconds(forecast.expected_until_use));
    }
    to.set_tier(ToProto(model.tier));
    to.set_state(ToProto(model.state));
    to.set_estimated_warmup_time_ms(warmup_ms);
    for (const std::string& reason : forecast.reasons) to.add_reasons(reason);
    AddMemory(model.spec.device, predicted.memory_bytes,
              to.mutable_resource_requirements());
    to.set_meets_acceptable_latency(request.acceptable_latency_ms() == 0 ||
                                    warmup_ms <=
                                        request.acceptable_latency_ms());
  }
  out->set_confidence_score(prediction.confidence);
  out->set_estimated_warmup_time_ms(
      absl::ToDoubleMilliseconds(prediction.estimated_warmup));
  v1::ResourceRequirements* all = out->mutable_resource_requirements();
  for (const auto& [device, bytes] : prediction.memory_bytes) {
    AddMemory(device, bytes, all);
  }
}

void SetMetrics(const WallClock& wall, const Status& status,
                v1::GetWarmupMetricsResponse* out) {
  const auto number = [](auto n) { return static_cast<double>(n); };
  const Totals& totals = status.totals;
  v1::DemandMetrics& demands = *out->mutable_demands();
  demands.set_warm_count(number(totals.demands_warm));
  demands.set_late_count(number(totals.demands_late));
  demands.set_cold_count(number(totals.demands_cold));
  demands.set_failed_count(number(totals.demands_failed));
  demands.set_waited_seconds(absl::ToDoubleSeconds(totals.waited));
  v1::LoadMetrics& loads = *out->mutable_loads();
  loads.set_demand_count(number(totals.loads_demand));
  loads.set_announced_count(number(totals.loads_announced));
  loads.set_speculative_count(number(totals.loads_speculative));
  loads.set_ready_count(number(totals.loads_ready));
  loads.set_failed_count(number(totals.loads_failed));
  loads.set_cancelled_count(number(totals.loads_cancelled));
  loads.set_eviction_count(number(totals.evictions));
  loads.set_read_bytes(number(totals.read_bytes));
  loads.set_wasted_bytes(number(totals.wasted_bytes));
  for (const DeviceStatus& device : status.devices) {
    if (!device.takes_models) continue;
    v1::DeviceMetrics& to = *out->add_devices();
    to.set_device(device.sample.id);
    to.set_budget_bytes(number(device.budget_bytes));
    to.set_used_bytes(number(device.used_bytes));
    to.set_reserve_bytes(number(device.reserve_bytes));
    if (!device.sample.memory.has_value()) continue;
    to.set_measured_total_bytes(number(device.sample.memory->total_bytes));
    to.set_measured_free_bytes(number(device.sample.memory->free_bytes));
  }
  out->set_model_count(number(status.models));
  out->set_ready_model_count(number(status.models_ready));
  out->set_loading_model_count(number(status.models_loading));
  out->set_session_count(number(status.sessions));
  out->set_waiter_count(number(status.waiters));
  out->set_prediction_count(number(totals.predictions));
  out->set_usage_count(number(totals.usages));
  out->set_activity_count(number(totals.activities));
  out->set_seen_usage_count(number(totals.usages_seen));
  for (const EngineStatus& engine : status.engines) {
    SetEngineMetrics(wall, engine, out->add_engines());
  }
  const WaitWindows& waits = status.waits;
  SetWaits(v1::WAIT_WINDOW_TODAY, waits.today, out->add_waits());
  SetWaits(v1::WAIT_WINDOW_LAST_7_DAYS, waits.last_7_days, out->add_waits());
  SetWaits(v1::WAIT_WINDOW_SINCE_START, waits.since_start, out->add_waits());
}

absl::StatusOr<UseQuery> ReadUseQuery(const v1::ExportUsageRequest& in) {
  UseQuery query;
  query.has_context = in.include_context();
  if (in.has_since()) {
    WARMUP_ASSIGN_OR_RETURN(query.after.at, ReadTimestamp("since", in.since()));
  }
  if (in.has_until()) {
    WARMUP_ASSIGN_OR_RETURN(query.until, ReadTimestamp("until", in.until()));
  }
  return query;
}

void SetUse(const UseRecord& record, v1::UsageRecord* out) {
  out->set_record_type(
      static_cast<v1::UsageRecordType>(static_cast<int>(record.kind) + 1));
  SetTimestamp(record.at, out->mutable_timestamp());
  out->set_user_id(record.user);
  if (record.kind == UseKind::kActivity) {
    out->set_activity_kind(record.name);
  } else {
    out->set_model_id(record.name);
  }
}

}  // namespace warmup
