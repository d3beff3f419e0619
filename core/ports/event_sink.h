#ifndef WARMUP_CORE_PORTS_EVENT_SINK_H_
#define WARMUP_CORE_PORTS_EVENT_SINK_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "core/model/model.h"
#include "core/model/state_machine.h"

namespace warmup {

// Everything there is to know about one model, at one moment.
struct ModelView {
  // Orders the views of one model: a higher one is newer. Also the daemon's
  // count of changes, so it is a cursor over all of them.
  uint64_t version = 0;
  ModelSpec spec;
  ModelMeasurements measured;
  // What a load takes that has to read it all, and one that finds most of it
  // in memory: measured, or with a count of 0 estimated.
  LearnedTime cold_load;
  LearnedTime warm_load;
  LearnedTime next_load;  // the one of them that holds now
  ModelState state = ModelState::kCold;
  Tier tier = Tier::kCold;
  int64_t held_bytes = 0;  // its reservation
  // While loading.
  LoadKind load_kind = LoadKind::kDemand;
  int64_t done_bytes = 0;
  int64_t total_bytes = 0;
  int waiter_count = 0;
  int lease_count = 0;
  absl::Time last_used = absl::InfinitePast();
  // After failures.
  int failures = 0;
  std::string last_error;
  absl::Time retry_at = absl::InfinitePast();
  // The newest forecast, 0 where the model is not a candidate.
  double p_next = 0;
  double p_5min = 0;
  double p_1h = 0;
};

// One demand that was answered.
struct DemandServed {
  std::string_view served_as;  // "warm", "late", "cold", "failed"
  absl::Duration waited;
};

// One load that ended.
struct LoadFinished {
  ModelId model;
  LoadKind kind = LoadKind::kDemand;
  std::string_view outcome;  // "ready", "failed", "cancelled"
  absl::Duration duration;
  int64_t read_bytes = 0;
  std::string error;  // of a failure, for people
};

// A model that is not in the catalogue any more.
struct ModelRemoved {
  ModelId id;
  uint64_t version = 0;  // as ModelView::version
};

// What changed through one fact.
struct Observation {
  std::vector<ModelView> changed;
  std::vector<ModelRemoved> removed;
  std::vector<DemandServed> demands;
  std::vector<LoadFinished> loads;
  bool has_new_events = false;
  // An engine came, went, or is there again or not any more.
  bool have_engines_changed = false;

  bool IsEmpty() const {
    return changed.empty() && removed.empty() && demands.empty() &&
           loads.empty() && !has_new_events && !have_engines_changed;
  }
};

// Somebody who watches: metrics, streams. Called on whatever thread brought
// the fact, never under a mutex of the core, possibly by several at once and
// so out of order (ModelView::version tells). Must not block.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void OnObservation(const Observation& observation) = 0;
};

}  // namespace warmup

#endif  // WARMUP_CORE_PORTS_EVENT_SINK_H_
