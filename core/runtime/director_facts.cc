// The director's view of the clients: sessions, activity, usage, predictions.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/base/status_macros.h"
#include "core/runtime/director.h"
#include "core/runtime/event_data.h"

namespace warmup {
namespace {

// How long an announcement counts, unless the model is used before.
constexpr absl::Duration kAnnouncementAge = absl::Minutes(10);
// Usage ids remembered to tell a report that comes twice.
constexpr size_t kRememberedUsageIds = 10'000;
// An IDE that asks about a task it has bound to a model uses that model more
// often than not; what was learned of its announcements comes on top.
constexpr double kBoundProbability = 0.6;
// A model that serves the task but was never seen in use.
constexpr double kUnseenProbability = 0.02;

absl::Status CheckBatchSize(size_t size, std::string_view field) {
  if (size <= limits::kMaxFactsPerBatch) return absl::OkStatus();
  return InvalidField(field, absl::StrCat("has ", size, " entries, at most ",
                                          limits::kMaxFactsPerBatch,
                                          " are allowed in one batch"));
}

absl::Status CheckFirstAnswer(const UsageReport& usage,
                              std::string_view field) {
  if (!usage.first_answer.has_value() ||
      (*usage.first_answer >= absl::ZeroDuration() &&
       *usage.first_answer <= limits::kMaxFactAge)) {
    return absl::OkStatus();
  }
  return InvalidField(absl::StrCat(std::string(field), ".first_answer_ms"),
                      absl::StrCat("is negative or longer than ",
                                   absl::FormatDuration(limits::kMaxFactAge)));
}

absl::Time TimeOf(absl::Time now, absl::Time at) {
  return at == absl::InfinitePast() ? now : at;
}

}  // namespace

absl::Status Director::CheckSession(const SessionId& id) const {
  if (id.empty() || sessions_.Find(id) != nullptr) return absl::OkStatus();
  return SessionNotFound(id);
}

absl::Status Director::CheckTime(absl::Time now, absl::Time at,
                                 std::string_view field) const {
  if (at == absl::InfinitePast()) return absl::OkStatus();
  if (at < now - limits::kMaxFactAge) {
    return InvalidField(
        field, absl::StrCat("is older than ",
                            absl::FormatDuration(limits::kMaxFactAge)));
  }
  if (at > now + limits::kMaxFactAhead) {
    return InvalidField(
        field, absl::StrCat("is more than ",
                            absl::FormatDuration(limits::kMaxFactAhead),
                            " ahead of this daemon's clock"));
  }
  return absl::OkStatus();
}

absl::Status Director::CheckRoles(
    const std::map<std::string, ModelId>& roles) const {
  for (const auto& [role, model] : roles) {
    WARMUP_RETURN_IF_ERROR(ValidateId("roles", role));
    WARMUP_RETURN_IF_ERROR(FindEntry(model).status());
  }
  return absl::OkStatus();
}

std::string Director::UserOf(const SessionId& session,
                             const std::string& user) const {
  if (!user.empty()) return user;
  const Session* found = sessions_.Find(session);
  return found == nullptr ? std::string() : found->user;
}

void Director::Announce(absl::Time now, const ModelId& model,
                        const Session& session) {
  predictor_.Observe(Announcement{model, session.id, session.user, now});
  announced_until_[model] = now + kAnnouncementAge;
}

absl::StatusOr<Session> Director::StartSession(absl::Time now, Session session,
                                               Effects* fx) {
  WARMUP_RETURN_IF_ERROR(CheckRoles(session.roles));
  WARMUP_ASSIGN_OR_RETURN(Session started,
                          sessions_.Start(now, std::move(session)));
  Heard(started.id);
  for (const auto& [role, model] : started.roles) {
    Announce(now, model, started);
  }
  fx->changes.push_back(PutSession{started});
  fx->events.push_back(
      MakeEvent(now, "session_started",
                {{"session_id", started.id}, {"client", started.client}}));
  RefreshOutlook(now);
  Reconcile(now, fx);
  return started;
}

absl::StatusOr<Session> Director::KeepAliveSession(
    absl::Time now, const SessionId& id,
    const std::optional<std::map<std::string, ModelId>>& roles, Effects* fx) {
  WARMUP_RETURN_IF_ERROR(ValidateId("session_id", id));
  if (roles.has_value()) WARMUP_RETURN_IF_ERROR(CheckRoles(*roles));
  const Session* before = sessions_.Find(id);
  std::set<ModelId> known;
  if (before != nullptr) {
    for (const auto& [role, model] : before->roles) known.insert(model);
  }
  WARMUP_ASSIGN_OR_RETURN(Session session, sessions_.KeepAlive(now, id, roles));
  fx->changes.push_back(PutSession{session});
  bool is_new = false;
  for (const auto& [role, model] : session.roles) {
    if (known.contains(model)) continue;
    Announce(now, model, session);
    is_new = true;
  }
  if (is_new) {
    Heard(id);
    RefreshOutlook(now);
    Reconcile(now, fx);
  }
  return session;
}

absl::StatusOr<Session> Director::StopSession(absl::Time now,
                                              const SessionId& id,
                                              Effects* fx) {
  WARMUP_RETURN_IF_ERROR(ValidateId("session_id", id));
  WARMUP_ASSIGN_OR_RETURN(Session session, sessions_.Stop(id));
  predictor_.ForgetSession(id);
  fx->changes.push_back(DeleteSession{id});
  fx->events.push_back(
      MakeEvent(now, "session_stopped",
                {{"session_id", id}, {"client", session.client}}));
  return session;
}

absl::Status Director::RecordUsage(absl::Time now,
                                   const std::vector<UsageReport>& batch,
                                   Effects* fx) {
  WARMUP_RETURN_IF_ERROR(CheckBatchSize(batch.size(), "usages"));
  std::set<std::string> ids;
  for (size_t i = 0; i < batch.size(); ++i) {
    const UsageReport& usage = batch[i];
    WARMUP_RETURN_IF_ERROR(FindEntry(usage.model).status());
    WARMUP_RETURN_IF_ERROR(CheckSession(usage.session));
    WARMUP_RETURN_IF_ERROR(
        CheckTime(now, usage.at, absl::StrCat("usages[", i, "].timestamp")));
    WARMUP_RETURN_IF_ERROR(
        CheckFirstAnswer(usage, absl::StrCat("usages[", i, "]")));
    if (usage.id.empty()) continue;
    if (usage_ids_.contains(usage.id) || !ids.insert(usage.id).second) {
      return MakeError(absl::StatusCode::kAlreadyExists, "USAGE_EXISTS",
                       absl::StrCat("usages[", i, "]: id \"", usage.id,
                                    "\" was recorded before"),
                       {{"usage", usage.id}});
    }
  }
  for (const UsageReport& usage : batch) {
    const absl::Time at = TimeOf(now, usage.at);
    Heard(usage.session);
    const bool has_counted = at >= now - UseMatcher::kReportAge &&
                             !use_matcher_.OnReported(now, usage.model);
    if (!has_counted) {
      Used({usage.model, usage.session, UserOf(usage.session, usage.user), at});
    }
    if (usage.first_answer.has_value()) {
      LearnFirstAnswer(usage.model, at, *usage.first_answer, fx);
    }
    if (usage.id.empty()) continue;
    usage_ids_.insert(usage.id);
    usage_ids_in_order_.push_back(usage.id);
    if (usage_ids_in_order_.size() > kRememberedUsageIds) {
      usage_ids_.erase(usage_ids_in_order_.front());
      usage_ids_in_order_.pop_front();
    }
  }
  last_fact_at_ = now;
  RefreshOutlook(now);
  Reconcile(now, fx);
  return absl::OkStatus();
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

void Director::Used(const Usage& usage) {
  predictor_.Observe(usage);
  coordinator_.Touch(usage.at, usage.model);
  announced_until_.erase(usage.model);
  ++totals_.usages;
}

absl::StatusOr<ModelId> Director::Announced(
    std::string_view field, const ActivityReport& report) const {
  if (!report.model.empty()) {
    WARMUP_RETURN_IF_ERROR(FindEntry(report.model).status());
    return report.model;
  }
  if (report.role.empty()) return ModelId();
  const Session* session = sessions_.Find(report.session);
  if (session == nullptr) {
    return InvalidField(absl::StrCat(std::string(field), ".role"),
                        "names a role but the activity has no session");
  }
  const auto it = session->roles.find(report.role);
  if (it == session->roles.end()) {
    return MakeError(absl::StatusCode::kNotFound, "ROLE_NOT_FOUND",
                     absl::StrCat("session \"", report.session,
                                  "\" binds no role \"", report.role, "\""),
                     {{"session", report.session}, {"role", report.role}});
  }
  return it->second;
}

absl::Status Director::ReportActivity(absl::Time now,
                                      const std::vector<ActivityReport>& batch,
                                      Effects* fx) {
  WARMUP_RETURN_IF_ERROR(CheckBatchSize(batch.size(), "activities"));
  std::vector<ModelId> announced;
  for (size_t i = 0; i < batch.size(); ++i) {
    const ActivityReport& report = batch[i];
    const std::string field = absl::StrCat("activities[", i, "]");
    WARMUP_RETURN_IF_ERROR(
        ValidateId(absl::StrCat(field, ".kind"), report.kind));
    WARMUP_RETURN_IF_ERROR(CheckSession(report.session));
    WARMUP_RETURN_IF_ERROR(
        CheckTime(now, report.at, absl::StrCat(field, ".timestamp")));
    WARMUP_ASSIGN_OR_RETURN(ModelId model, Announced(field, report));
    announced.push_back(std::move(model));
  }
  bool is_announcement = false;
  for (size_t i = 0; i < batch.size(); ++i) {
    const ActivityReport& report = batch[i];
    const absl::Time at = TimeOf(now, report.at);
    const std::string user = UserOf(report.session, report.user);
    ++totals_.activities;
    Heard(report.session);
    predictor_.Observe(Activity{report.kind, report.session, user, at});
    if (announced[i].empty()) continue;
    is_announcement = true;
    predictor_.Observe(Announcement{announced[i], report.session, user, at});
    announced_until_[announced[i]] = at + kAnnouncementAge;
  }
  // Typing comes many times a second: only a named model is decided on at
  // once, the rest with the next tick.
  if (is_announcement) {
    RefreshOutlook(now);
    Reconcile(now, fx);
  }
  return absl::OkStatus();
}

bool Director::Serves(const PredictionRequest& request,
                      const Catalogue::Entry& entry) const {
  if (!request.preferred_device.empty() &&
      entry.spec.device != request.preferred_device) {
    return false;
  }
  return request.task == ModelType::kUnspecified ||
         entry.spec.type == ModelType::kUnspecified ||
         entry.spec.type == request.task;
}

ModelId Director::BoundTo(const PredictionRequest& request) const {
  const Session* session = sessions_.Find(request.session);
  if (session == nullptr) return {};
  const auto role = session->roles.find(std::string(ToString(request.task)));
  if (role == session->roles.end()) return {};
  // It may have been removed since.
  return catalogue_.Find(role->second) == nullptr ? ModelId() : role->second;
}

// The model that is bound to the task, then the most probable that serve it.
std::vector<Forecast> Director::Choose(
    const PredictionRequest& request, const ModelId& bound,
    const std::vector<Chance>& ranked) const {
  std::vector<Forecast> chosen;
  chosen.reserve(request.max_models);
  if (!bound.empty()) {
    const auto known =
        std::find_if(ranked.begin(), ranked.end(),
                     [&](const Chance& c) { return *c.model == bound; });
    const Chance chance =
        known == ranked.end() ? Chance{&bound, 0, 0, 0} : *known;
    Forecast& forecast = chosen.emplace_back(Predictor::SpellOut(chance));
    forecast.p_1min = std::max(forecast.p_1min, kBoundProbability);
    forecast.p_5min = std::max(forecast.p_5min, forecast.p_1min);
    forecast.p_1h = std::max(forecast.p_1h, forecast.p_5min);
    forecast.expected_until_use =
        std::min(forecast.expected_until_use, absl::Seconds(30));
    forecast.reasons = {absl::StrCat("this session binds it to ",
                                     std::string(ToString(request.task)))};
  }
  for (const Chance& chance : ranked) {
    if (chosen.size() == request.max_models) break;
    if (*chance.model == bound) continue;
    const Catalogue::Entry* entry = catalogue_.Find(*chance.model);
    if (entry != nullptr && Serves(request, *entry)) {
      chosen.push_back(Predictor::SpellOut(chance));
    }
  }
  return chosen;
}

void Director::AddUnused(const PredictionRequest& request,
                         std::vector<Forecast>* forecasts) const {
  const auto by_type = by_type_.find(request.task);
  if (by_type == by_type_.end()) return;
  for (const ModelId& id : by_type->second) {
    if (forecasts->size() >= request.max_models) return;
    const bool is_there =
        std::any_of(forecasts->begin(), forecasts->end(),
                    [&](const Forecast& f) { return f.model == id; });
    if (is_there || !Serves(request, *catalogue_.Find(id))) continue;
    Forecast forecast;
    forecast.model = id;
    forecast.p_1h = kUnseenProbability;
    forecast.expected_until_use = absl::InfiniteDuration();
    if (request.task != ModelType::kUnspecified) {
      forecast.reasons.push_back(
          absl::StrCat("serves ", std::string(ToString(request.task))));
    }
    forecast.reasons.push_back("never seen in use");
    forecasts->push_back(std::move(forecast));
  }
}

absl::StatusOr<Prediction> Director::Predict(absl::Time now,
                                             const PredictionRequest& request,
                                             Effects* fx) {
  WARMUP_RETURN_IF_ERROR(CheckSession(request.session));
  if (!request.preferred_device.empty() &&
      !options_.devices.contains(request.preferred_device)) {
    return MakeError(
        absl::StatusCode::kNotFound, "DEVICE_NOT_FOUND",
        absl::StrCat("no device \"", request.preferred_device, "\" is there"),
        {{"device", request.preferred_device}});
  }
  if (request.max_models < 1 ||
      request.max_models > limits::kMaxPredictedModels) {
    return InvalidField(
        "max_models", absl::StrCat("is ", request.max_models, ", outside 1 to ",
                                   limits::kMaxPredictedModels));
  }
  const std::string user = UserOf(request.session, request.user);
  const ModelId bound = BoundTo(request);
  std::vector<Forecast> forecasts =
      Choose(request, bound, predictor_.Rank(now, {request.session, user}));
  AddUnused(request, &forecasts);
  Prediction prediction;
  prediction.models.reserve(forecasts.size());
  for (Forecast& forecast : forecasts) {
    const Catalogue::Entry& entry = *catalogue_.Find(forecast.model);
    for (std::string& reason :
         predictor_.Explain(now, {request.session, user}, forecast.model)) {
      forecast.reasons.push_back(std::move(reason));
    }
    ModelView view = View(entry);
    const absl::Duration warmup = view.state == ModelState::kReady
                                      ? absl::ZeroDuration()
                                      : view.next_load.mean;
    prediction.estimated_warmup = std::max(prediction.estimated_warmup, warmup);
    prediction.memory_bytes[entry.spec.device] += entry.PeakBytes();
    prediction.models.push_back(
        {std::move(forecast), std::move(view), warmup, entry.PeakBytes()});
  }
  if (!prediction.models.empty()) {
    prediction.confidence = prediction.models.front().forecast.p_1h;
  }
  ++totals_.predictions;
  Heard(request.session);
  if (request.warm) {
    if (!bound.empty()) {
      Announce(now, bound, *sessions_.Find(request.session));
    }
    RefreshOutlook(now);
    Reconcile(now, fx);
  }
  fx->notices.push_back(
      MakeEvent(now, "prediction_complete",
                {{"session_id", request.session},
                 {"task", ToString(request.task)},
                 {"model_id", prediction.models.empty()
                                  ? std::string_view("")
                                  : prediction.models.front().forecast.model},
                 {"models", static_cast<int64_t>(prediction.models.size())},
                 {"confidence_score", prediction.confidence}}));
  return prediction;
}

}  // namespace warmup
