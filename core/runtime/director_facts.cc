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

// A use that is told of later than this is learned from, but nobody waits.
constexpr absl::Duration kNews = absl::Minutes(2);
// A sign of the same kind says nothing new for so long.
constexpr absl::Duration kSameSign = absl::Seconds(2);
// Usage ids remembered to tell a report that comes twice.
constexpr size_t kRememberedUsageIds = 10'000;

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

void Director::Announce(absl::Time now, const Announcement& announcement,
                        UseKind why, Effects* fx) {
  journal_.Announced(now, announcement, why, &fx->uses);
  const Catalogue::Entry* entry = catalogue_.Find(announcement.model);
  if (entry == nullptr) return;  // a role may outlive its model
  outlook_.OnAnnounced(now, announcement.model, CostOf(*entry),
                       NameOf(announcement.session, announcement.user),
                       why == UseKind::kSession);
}

bool Director::IsNews(absl::Time now, const ModelId& id) const {
  const Coordinator::Track* track = coordinator_.Find(id);
  return track == nullptr || (track->state() != ModelState::kReady &&
                              now - track->last_used >= UseMatcher::kReportAge);
}

void Director::AnnounceUnlessUsed(absl::Time now,
                                  const Catalogue::Entry& entry) {
  const ModelId& id = entry.spec.id;
  if (!IsNews(now, id)) return;
  outlook_.OnAnnounced(now, id, CostOf(entry), "", /*is_session=*/false);
}

void Director::UseUnlessUsed(absl::Time now, const Catalogue::Entry& entry) {
  const ModelId& id = entry.spec.id;
  if (!IsNews(now, id)) return;
  outlook_.OnUsed(now, id, CostOf(entry), "");
  demanded_[id] = now;
}

absl::StatusOr<Session> Director::StartSession(absl::Time now, Session session,
                                               Effects* fx) {
  WARMUP_RETURN_IF_ERROR(CheckRoles(session.roles));
  WARMUP_ASSIGN_OR_RETURN(Session started,
                          sessions_.Start(now, std::move(session)));
  for (const auto& [role, model] : started.roles) {
    Announce(now, {model, started.id, started.user, now}, UseKind::kSession,
             fx);
  }
  fx->changes.push_back(PutSession{started});
  fx->events.push_back(
      MakeEvent(now, "session_started",
                {{"session_id", started.id}, {"client", started.client}}));
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
    Announce(now, {model, id, session.user, now}, UseKind::kSession, fx);
    is_new = true;
  }
  if (is_new) {
    Reconcile(now, fx);
  }
  return session;
}

absl::StatusOr<Session> Director::StopSession(absl::Time now,
                                              const SessionId& id,
                                              Effects* fx) {
  WARMUP_RETURN_IF_ERROR(ValidateId("session_id", id));
  WARMUP_ASSIGN_OR_RETURN(Session session, sessions_.Stop(id));
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
    const bool has_counted = at >= now - UseMatcher::kReportAge &&
                             !use_matcher_.OnReported(now, usage.model);
    if (!has_counted) {
      const std::string user = UserOf(usage.session, usage.user);
      Used(now, {usage.model, usage.session, user, at}, fx);
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
  Reconcile(now, fx);
  return absl::OkStatus();
}

void Director::Used(absl::Time now, const Usage& usage, Effects* fx) {
  journal_.Used(now, usage, &fx->uses);
  const ModelId& id = usage.model;
  const Catalogue::Entry* entry = catalogue_.Find(id);
  const std::string_view who = NameOf(usage.session, usage.user);
  const auto demanded = demanded_.find(id);
  const bool is_known = demanded != demanded_.end() &&
                        now - demanded->second < UseMatcher::kReportAge;
  if (demanded != demanded_.end()) demanded_.erase(demanded);
  if (is_known) {
    // Foresight was told when somebody began to wait for it.
    warmups_.OnUsed(now, id, usage.at);
  } else if (entry != nullptr && usage.at < now - kNews) {
    outlook_.OnPast(now, id, CostOf(*entry), who);
  } else if (entry != nullptr) {
    outlook_.OnUsed(now, id, CostOf(*entry), who);
    warmups_.OnUsed(now, id, usage.at);
    const Coordinator::Track* track = coordinator_.Find(id);
    if (track == nullptr || track->state() != ModelState::kReady) {
      no_guess_at_ = now;
    }
  }
  coordinator_.Touch(usage.at, id);
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
    if (announced[i].empty()) {
      journal_.Saw(now, {report.kind, report.session, user, at}, &fx->uses);
      Seen(now, report.kind, NameOf(report.session, user));
      continue;
    }
    is_announcement = true;
    Announce(now, {announced[i], report.session, user, at}, UseKind::kHint, fx);
  }
  // Typing comes many times a second: only a named model is decided on at
  // once, the rest with the next tick.
  if (is_announcement) {
    Reconcile(now, fx);
  }
  return absl::OkStatus();
}

// Typing comes many times a second, and says the same thing.
void Director::Seen(absl::Time now, const std::string& kind,
                    std::string_view who) {
  if (kind == last_sign_ && now - last_sign_at_ < kSameSign) return;
  last_sign_ = kind;
  last_sign_at_ = now;
  outlook_.OnSign(now, kind, who);
}

void Director::Relearn(std::vector<UseRecord> uses) {
  std::sort(uses.begin(), uses.end(), [](const auto& a, const auto& b) {
    return a.number < b.number;  // as they came
  });
  const absl::Time from = told_until();
  for (const UseRecord& use : uses) {
    // Numbers are times, see UseJournal.
    const absl::Time told = absl::FromUnixNanos(use.number);
    if (told <= from + absl::Microseconds(1)) continue;
    if (use.kind == UseKind::kActivity) {
      Seen(told, use.name, use.user);
      continue;
    }
    const Catalogue::Entry* entry = catalogue_.Find(use.name);
    if (entry == nullptr) continue;
    if (use.kind != UseKind::kUse) {
      outlook_.OnAnnounced(told, use.name, CostOf(*entry), use.user,
                           use.kind == UseKind::kSession);
    } else if (use.at < told - kNews) {
      outlook_.OnPast(told, use.name, CostOf(*entry), use.user);
    } else {
      outlook_.OnUsed(told, use.name, CostOf(*entry), use.user);
    }
  }
  outlook_.CountWaitsFromNow();
}

}  // namespace warmup
