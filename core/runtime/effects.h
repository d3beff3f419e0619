#ifndef WARMUP_CORE_RUNTIME_EFFECTS_H_
#define WARMUP_CORE_RUNTIME_EFFECTS_H_

#include <vector>

#include "core/events/event.h"
#include "core/ports/event_sink.h"
#include "core/ports/store.h"
#include "core/schedule/coordinator.h"

namespace warmup {

struct LoadOrder {
  LoadId id = 0;
  ModelSpec spec;
};

struct UnloadOrder {
  ModelSpec spec;
};

// What the world has to do after a fact. The director only decides; whoever
// calls it carries these out, without a lock, and brings the results back as
// facts: each LoadOrder as OnLoadDone, each UnloadOrder as OnUnloadDone.
struct Effects {
  std::vector<LoadOrder> loads;
  std::vector<LoadId> cancels;
  std::vector<UnloadOrder> unloads;
  std::vector<Wake> wakes;
  std::vector<Event> events;         // without sequence
  std::vector<Event> notices;        // the same, too frequent to be stored
  std::vector<StoreChange> changes;  // in order, absolute
  std::vector<UseRecord> uses;       // for the log of use, soon
  Observation observation;
};

}  // namespace warmup

#endif  // WARMUP_CORE_RUNTIME_EFFECTS_H_
