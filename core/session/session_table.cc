#include "core/session/session_table.h"

#include <string_view>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/base/status_macros.h"

namespace warmup {
namespace {

// Free text for people: empty is fine, unbounded is not.
absl::Status ValidateText(std::string_view field, const std::string& text) {
  if (text.size() <= limits::kMaxIdBytes) return absl::OkStatus();
  return InvalidField(field,
                      absl::StrCat("has ", text.size(), " bytes, at most ",
                                   limits::kMaxIdBytes, " are allowed"));
}

absl::Status ValidateRoles(const std::map<std::string, ModelId>& roles) {
  if (roles.size() > limits::kMaxRolesPerSession) {
    return InvalidField(
        "session.roles",
        absl::StrCat("has ", roles.size(), " entries, at most ",
                     limits::kMaxRolesPerSession, " are allowed"));
  }
  for (const auto& [role, model] : roles) {
    WARMUP_RETURN_IF_ERROR(ValidateId("session.roles", role));
    WARMUP_RETURN_IF_ERROR(ValidateId("session.roles", model));
  }
  return absl::OkStatus();
}

absl::Status ValidateLease(absl::Duration lease) {
  if (lease >= limits::kMinSessionLease && lease <= limits::kMaxSessionLease) {
    return absl::OkStatus();
  }
  return InvalidField(
      "session.lease",
      absl::StrCat("is ", absl::FormatDuration(lease), ", outside ",
                   absl::FormatDuration(limits::kMinSessionLease), " to ",
                   absl::FormatDuration(limits::kMaxSessionLease)));
}

absl::Status ValidateSession(const Session& session) {
  WARMUP_RETURN_IF_ERROR(ValidateId("session.session_id", session.id));
  WARMUP_RETURN_IF_ERROR(ValidateText("session.user_id", session.user));
  WARMUP_RETURN_IF_ERROR(ValidateText("session.client", session.client));
  WARMUP_RETURN_IF_ERROR(ValidateText("session.workspace", session.workspace));
  WARMUP_RETURN_IF_ERROR(ValidateText("session.language", session.language));
  WARMUP_RETURN_IF_ERROR(ValidateLease(session.lease));
  return ValidateRoles(session.roles);
}

}  // namespace

absl::Status SessionNotFound(const SessionId& id) {
  return MakeError(absl::StatusCode::kNotFound, "SESSION_NOT_FOUND",
                   absl::StrCat("no session \"", id,
                                "\": never started, stopped or expired"),
                   {{"session", id}});
}

absl::StatusOr<Session> SessionTable::Start(absl::Time now, Session session) {
  if (session.lease == absl::ZeroDuration()) {
    session.lease = limits::kDefaultSessionLease;
  }
  WARMUP_RETURN_IF_ERROR(ValidateSession(session));
  const auto it = sessions_.find(session.id);
  if (it != sessions_.end()) {
    if (it->second.expires_at > now) {
      return MakeError(absl::StatusCode::kAlreadyExists, "SESSION_EXISTS",
                       absl::StrCat("session \"", session.id, "\" is live"),
                       {{"session", session.id}});
    }
    Erase(it);
  }
  if (sessions_.size() >= limits::kMaxSessions) {
    return MakeError(absl::StatusCode::kResourceExhausted, "TOO_MANY_SESSIONS",
                     absl::StrCat("the limit of ", limits::kMaxSessions,
                                  " sessions is reached"),
                     {{"limit", "kMaxSessions"}});
  }
  session.started_at = now;
  session.expires_at = now + session.lease;
  Insert(session);
  return session;
}

absl::StatusOr<Session> SessionTable::KeepAlive(
    absl::Time now, const SessionId& id,
    const std::optional<std::map<std::string, ModelId>>& roles) {
  const auto it = sessions_.find(id);
  if (it == sessions_.end() || it->second.expires_at <= now) {
    return SessionNotFound(id);
  }
  if (roles.has_value()) {
    WARMUP_RETURN_IF_ERROR(ValidateRoles(*roles));
    it->second.roles = *roles;
  }
  Session session = it->second;
  session.expires_at = now + session.lease;
  Erase(it);
  Insert(session);
  return session;
}

absl::StatusOr<Session> SessionTable::Stop(const SessionId& id) {
  const auto it = sessions_.find(id);
  if (it == sessions_.end()) return SessionNotFound(id);
  Session session = it->second;
  Erase(it);
  return session;
}

std::vector<Session> SessionTable::Expire(absl::Time now) {
  std::vector<Session> expired;
  while (!by_expiry_.empty() && by_expiry_.begin()->first <= now) {
    const auto it = sessions_.find(by_expiry_.begin()->second);
    expired.push_back(it->second);
    Erase(it);
  }
  return expired;
}

void SessionTable::Restore(Session session) {
  const auto it = sessions_.find(session.id);
  if (it != sessions_.end()) Erase(it);
  Insert(std::move(session));
}

const Session* SessionTable::Find(const SessionId& id) const {
  const auto it = sessions_.find(id);
  return it == sessions_.end() ? nullptr : &it->second;
}

std::vector<Session> SessionTable::List() const {
  std::vector<Session> all;
  all.reserve(sessions_.size());
  for (const auto& [id, session] : sessions_) all.push_back(session);
  return all;
}

absl::Time SessionTable::NextExpiry() const {
  return by_expiry_.empty() ? absl::InfiniteFuture()
                            : by_expiry_.begin()->first;
}

void SessionTable::Insert(Session session) {
  by_expiry_.emplace(session.expires_at, session.id);
  SessionId id = session.id;
  sessions_.emplace(std::move(id), std::move(session));
}

void SessionTable::Erase(std::map<SessionId, Session>::iterator it) {
  by_expiry_.erase({it->second.expires_at, it->first});
  sessions_.erase(it);
}

}  // namespace warmup
