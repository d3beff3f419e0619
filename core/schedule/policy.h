#ifndef WARMUP_CORE_SCHEDULE_POLICY_H_
#define WARMUP_CORE_SCHEDULE_POLICY_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/model/model.h"
#include "core/model/state_machine.h"
#include "core/shadow/room.h"

namespace warmup {

// What the policy sees of a device.
struct DeviceView {
  int64_t budget_bytes = 0;
  int64_t used_bytes = 0;  // all reservations alive
  // What the system measured as free, if it could, and what a guess must
  // leave of it.
  std::optional<int64_t> measured_free_bytes;
  int64_t reserve_bytes = 0;
  // How values are used here when room is made.
  shadow::EvictBy evict_by = shadow::EvictBy::kValue;
};

// A model that holds memory: loading, ready or unloading.
struct ResidentView {
  ModelId model;
  std::string engine;
  std::string device;
  ModelState state = ModelState::kReady;
  int64_t bytes = 0;
  LoadKind kind = LoadKind::kDemand;  // of its load, while loading
  bool is_cancelling = false;
  bool is_held = false;    // pinned or leased
  bool is_busy = false;    // a request is in flight: it ends by itself
  bool is_wanted = false;  // somebody waits for it
  absl::Time load_started;
  // Whether the one who is followed would hold it: what it would not goes
  // first, and is all that a guess may drive out.
  bool is_followed = false;
  // Whether he has given it back: its memory is worth more than having it.
  bool is_given_back = false;
  double value = 0;     // of keeping it
  int64_t touched = 0;  // of equal value, what was touched last stays
};

// A model asked for and not there, in the order in which they are served.
struct WantedView {
  ModelId model;
  std::string device;
  int64_t bytes = 0;
  LoadKind kind = LoadKind::kDemand;
  bool may_evict = true;
};

// A model nobody asked for yet that is worth loading now.
struct CandidateView {
  ModelId model;
  std::string engine;
  std::string device;
  int64_t bytes = 0;
  bool is_announced = false;
  double probability = 0;  // of use within the hour
};

struct PolicySnapshot {
  SwitchingPolicy switching;
  std::map<std::string, DeviceView> devices;
  // How many models an engine has at most; those that are not here have as
  // many as fit.
  std::map<std::string, int> engine_limits;
  std::vector<ResidentView> residents;
  std::vector<WantedView> wanted;
  std::vector<CandidateView> candidates;  // the first first
};

struct Decision {
  enum class Action { kStartLoad, kUnload, kCancelLoad, kRefuse };
  Action action = Action::kStartLoad;
  ModelId model;
  LoadKind kind = LoadKind::kDemand;  // of a load that starts
  absl::Status refusal;               // of a refusal: why
  std::string reason;                 // for people
};

// What to do now, in order. Pure: the same snapshot gives the same decisions.
//
// Models asked for come first and in their order; one that has to wait for
// memory holds back those behind it on the same device, so that none starves.
// For somebody who waits, models that nobody holds are unloaded, first those
// that the one who is followed does not hold, and guesses that are still
// loading are cancelled, newest first. A guess takes only what is free by the
// ledger and by measurement, or the place of what is not followed; it is never
// made while somebody waits. Where the engine has as many models as it may, one
// of them must go: the engine would drive out any. Who waits is left to its
// rule.
//
// What is given back goes, if nobody holds it, uses it or waits for it, whether
// room is needed or not.
//
// With predictive_preloading off this is load on demand with LRU eviction.
std::vector<Decision> Decide(const PolicySnapshot& snapshot);

}  // namespace warmup

#endif  // WARMUP_CORE_SCHEDULE_POLICY_H_
