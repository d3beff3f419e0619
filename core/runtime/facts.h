#ifndef WARMUP_CORE_RUNTIME_FACTS_H_
#define WARMUP_CORE_RUNTIME_FACTS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/model/model.h"
#include "core/ports/device_monitor.h"
#include "core/ports/engine.h"
#include "core/ports/engine_finder.h"
#include "core/ports/event_sink.h"
#include "core/runtime/prediction_quality.h"
#include "core/runtime/waits.h"

// What goes into the core and what comes out, as plain values.
namespace warmup {

// A real request to a model, as a client reports it.
struct UsageReport {
  std::string id;  // optional; a report with an id seen before is refused
  ModelId model;
  SessionId session;  // optional
  std::string user;   // optional; the session's user if empty
  absl::Time at = absl::InfinitePast();  // InfinitePast: now
  // From the request to the first of its answer, if the client tells.
  std::optional<absl::Duration> first_answer;
};

// What a client says is happening. Kinds and times, never text.
struct ActivityReport {
  std::string kind;  // an identifier: "typing", "chat_panel_opened"
  SessionId session;
  std::string user;
  // What it announces, if anything: a role the session binds, or a model.
  std::string role;
  ModelId model;
  absl::Time at = absl::InfinitePast();
};

// A request to a model that really happened, reported or observed.
struct Usage {
  ModelId model;
  SessionId session;  // may be empty
  std::string user;   // may be empty
  absl::Time at;
};

// A client named a model it is about to use: a chat panel opened on a role, a
// session began whose configuration binds the model.
struct Announcement {
  ModelId model;
  SessionId session;
  std::string user;
  absl::Time at;
};

// A sign of life without a model: files, typing, builds. Kinds, never text.
struct Activity {
  std::string kind;
  SessionId session;
  std::string user;
  absl::Time at;
};

// What is expected of a model, in probabilities of a use by who asks.
struct Forecast {
  ModelId model;
  double p_next = 0;  // that it is what is used next
  double p_5min = 0;  // that it is used at least once within
  double p_1h = 0;
  // Median; InfiniteDuration: not in sight.
  absl::Duration expected_until_use = absl::InfiniteDuration();
  std::vector<std::string> reasons;  // for people, strongest first
};

struct PredictionRequest {
  ModelType task = ModelType::kUnspecified;
  SessionId session;
  std::string user;
  std::string preferred_device;  // empty: any
  size_t max_models = 5;
  bool warm = false;  // announce what the session binds to the task
};

struct PredictedModel {
  Forecast forecast;
  ModelView model;
  // Until it would be ready if its load began now; 0 if it is.
  absl::Duration estimated_warmup;
  int64_t memory_bytes = 0;  // on its device, while loading at the most
};

struct Prediction {
  std::vector<PredictedModel> models;  // most probable first
  // Probability that the first of them is used within the hour.
  double confidence = 0;
  // The longest of the estimates: loads may run side by side.
  absl::Duration estimated_warmup;
  // Bytes each device would need for all of them to be ready at once.
  std::map<std::string, int64_t> memory_bytes;
};

// What an engine answered when it was asked about its models.
struct EngineLook {
  std::string engine;
  absl::Time started;
  std::shared_ptr<const std::vector<ModelSpec>> models;
  absl::StatusOr<std::vector<Sighting>> sightings;  // of `models`, in order
  int max_models = 0;                               // as in EngineInfo
};

// How an engine came to be one.
enum class EngineOrigin {
  kConfigured,  // also the one built in
  kAdded,       // by a call
  kFound,
};

// Counts since start; each only grows.
struct EngineTotals {
  uint64_t looks = 0;
  uint64_t looks_failed = 0;  // of them
  absl::Duration looking;     // what they took together
  uint64_t loads_failed = 0;  // by the engine, not cancelled
};

struct EngineStatus {
  EngineInfo info;  // of the director only the id
  EngineOrigin origin = EngineOrigin::kConfigured;
  absl::Status health;  // of the last look; OK before the first
  absl::Time since;     // when that began; InfinitePast: since the start
  size_t models = 0;    // in the catalogue
  size_t models_ready = 0;
  EngineTotals totals;

  // Not known yet is not available.
  bool IsAvailable() const {
    return health.ok() && since != absl::InfinitePast();
  }
};

struct EngineListing {
  std::vector<EngineStatus> engines;  // by id
  std::vector<NotTaken> not_taken;    // by endpoint
};

struct DeviceStatus {
  // As it was seen last; only its id where it is not seen.
  DeviceSample sample;
  bool takes_models = false;  // it has a budget
  int64_t budget_bytes = 0;
  int64_t used_bytes = 0;
  int64_t reserve_bytes = 0;
};

// Counts since start; each only grows.
struct Totals {
  uint64_t demands_warm = 0;
  uint64_t demands_late = 0;
  uint64_t demands_cold = 0;
  uint64_t demands_failed = 0;
  absl::Duration waited;      // by all demands together
  uint64_t loads_demand = 0;  // started, by kind
  uint64_t loads_announced = 0;
  uint64_t loads_speculative = 0;
  uint64_t loads_ready = 0;
  uint64_t loads_failed = 0;
  uint64_t loads_cancelled = 0;
  uint64_t evictions = 0;
  int64_t read_bytes = 0;
  // Bytes warmed on a guess and driven out before anybody used them.
  int64_t wasted_bytes = 0;
  uint64_t predictions = 0;
  uint64_t usages = 0;
  uint64_t usages_seen = 0;  // of them: at the engine, reported by nobody
  uint64_t activities = 0;
};

struct Status {
  Totals totals;
  PredictionQuality quality;
  std::vector<DeviceStatus> devices;  // by id
  // Why no device of some kind is seen.
  std::vector<absl::Status> devices_not_seen;
  std::vector<EngineStatus> engines;  // in order of their ids
  size_t models = 0;
  size_t models_ready = 0;
  size_t models_loading = 0;
  size_t sessions = 0;
  size_t waiters = 0;
  WaitWindows waits;  // as of the last fact or tick
  SwitchingPolicy policy;
};

}  // namespace warmup

#endif  // WARMUP_CORE_RUNTIME_FACTS_H_
