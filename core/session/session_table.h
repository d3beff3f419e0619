#ifndef WARMUP_CORE_SESSION_SESSION_TABLE_H_
#define WARMUP_CORE_SESSION_SESSION_TABLE_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/model/model.h"

namespace warmup {

// One IDE window's connected period. `roles` binds what a tool calls its
// models to the catalogue ("completion" -> "qwen2.5-coder:1.5b"): the
// strongest sign there is of what will be used.
struct Session {
  SessionId id;
  std::string user;
  std::string client;     // "vscode 1.95", free text for people
  std::string workspace;  // an opaque name, never a path's content
  std::string language;   // of the project, may be empty
  std::map<std::string, ModelId> roles;
  absl::Duration lease;
  absl::Time started_at;
  absl::Time expires_at;

  bool operator==(const Session&) const = default;
};

// NOT_FOUND naming the session.
absl::Status SessionNotFound(const SessionId& id);

// The live sessions. Sans-I/O, not thread-safe. Invariant: no two with one id,
// at most limits::kMaxSessions.
class SessionTable {
 public:
  // `session.lease` 0 means the default. Sets started_at and expires_at.
  // ALREADY_EXISTS, INVALID_ARGUMENT (naming the field), RESOURCE_EXHAUSTED.
  // Call Expire(now) before: a session whose lease has ended but which Expire
  // has not returned is replaced without being told.
  absl::StatusOr<Session> Start(absl::Time now, Session session);
  // Renews the lease; replaces the roles if given. NOT_FOUND if unknown or
  // expired, INVALID_ARGUMENT.
  absl::StatusOr<Session> KeepAlive(
      absl::Time now, const SessionId& id,
      const std::optional<std::map<std::string, ModelId>>& roles);
  absl::StatusOr<Session> Stop(const SessionId& id);  // NOT_FOUND
  // Removes and returns those whose lease ended at or before `now`.
  std::vector<Session> Expire(absl::Time now);
  // Puts back a session from the store as it was (its lease may have ended:
  // the next Expire takes it). Replaces one with the same id.
  void Restore(Session session);

  const Session* Find(const SessionId& id) const;  // null: not there
  const std::map<SessionId, Session>& all() const { return sessions_; }
  std::vector<Session> List() const;  // by id
  size_t size() const { return sessions_.size(); }
  // When Expire has something to do; InfiniteFuture: never.
  absl::Time NextExpiry() const;

 private:
  void Insert(Session session);
  void Erase(std::map<SessionId, Session>::iterator it);

  std::map<SessionId, Session> sessions_;
  // One entry a session: soonest to expire first.
  std::set<std::pair<absl::Time, SessionId>> by_expiry_;
};

}  // namespace warmup

#endif  // WARMUP_CORE_SESSION_SESSION_TABLE_H_
