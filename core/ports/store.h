#ifndef WARMUP_CORE_PORTS_STORE_H_
#define WARMUP_CORE_PORTS_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/events/event.h"
#include "core/model/model.h"
#include "core/ports/engine_finder.h"
#include "core/ports/use_log.h"
#include "core/session/session_table.h"

namespace warmup {

// Each change says what is true now, not what was done, so writing one twice
// or only the newest of several is right.
struct PutModel {
  ModelSpec spec;
};
struct DeleteModel {
  ModelId id;
};
struct PutMeasurements {
  ModelId id;
  ModelMeasurements measurements;
};
struct PutSession {
  Session session;
};
struct DeleteSession {
  SessionId id;
};
struct PutPolicy {
  SwitchingPolicy policy;
};
// What foresight has learned: some megabytes, of the director's own form.
struct PutForesight {
  std::string state;
};
// What somebody said of the server at an endpoint, which is the key: that it is
// an engine, or that it is not to be one however often it is found.
struct PutEngine {
  EngineSpec spec;
  bool is_removed = false;
};
struct AppendEvent {
  Event event;  // the store keeps the newest limits::kStoredEvents
};
struct AppendUse {
  UseRecord record;  // the store keeps the newest limits::kStoredUses
};
using StoreChange =
    std::variant<PutModel, DeleteModel, PutMeasurements, PutSession,
                 DeleteSession, PutPolicy, PutForesight, PutEngine, AppendEvent,
                 AppendUse>;

// What a start finds. The log of use stays where it is: see UseLog.
struct StoredState {
  struct Model {
    ModelSpec spec;
    ModelMeasurements measurements;
  };
  std::vector<Model> models;
  std::vector<Session> sessions;
  std::optional<SwitchingPolicy> policy;
  std::optional<std::string> foresight;
  std::vector<PutEngine> engines;
  std::vector<Event> events;  // oldest first
  uint64_t last_event_sequence = 0;
  // Things left out or set aside instead of failing the start, for people:
  // "store: model "m" left out: its row is damaged".
  std::vector<std::string> warnings;
};

// Durable state. Called from one thread at a time, never under a mutex.
class Store {
 public:
  virtual ~Store() = default;
  virtual absl::StatusOr<StoredState> Load() = 0;
  // All or nothing. When it returns OK the changes survive kill -9 of this
  // process. RESOURCE_EXHAUSTED: disk full; UNAVAILABLE: any other I/O error.
  // Either may pass: the caller keeps the changes and tries again.
  virtual absl::Status Commit(const std::vector<StoreChange>& changes) = 0;
};

}  // namespace warmup

#endif  // WARMUP_CORE_PORTS_STORE_H_
