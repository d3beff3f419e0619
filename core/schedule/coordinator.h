#ifndef WARMUP_CORE_SCHEDULE_COORDINATOR_H_
#define WARMUP_CORE_SCHEDULE_COORDINATOR_H_

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/model/model.h"
#include "core/model/state_machine.h"

namespace warmup {

// Names somebody who waits for a model; chosen by the runtime, never reused.
using WaiterId = uint64_t;
using LoadId = uint64_t;

// How a demand found its model: ready; on its way; neither.
enum class ServedAs { kWarm, kLate, kCold };
std::string_view ToString(ServedAs served_as);

// The end of somebody's wait.
struct Wake {
  WaiterId waiter = 0;
  ModelId model;
  absl::Status status;
  ServedAs served_as = ServedAs::kCold;
  absl::Duration waited;
};

// Carries each model through its states: joins everybody who wants a model
// into one load (single flight), keeps who waits and since when, cancels,
// times out, and backs off from a model that fails. It does not choose what
// to load: the policy does. Sans-I/O, not thread-safe.
//
// Invariant: a model in Loading has exactly one load id, and every id handed
// out is answered exactly once by OnLoadDone.
class Coordinator {
 public:
  struct Options {
    // Wait after the first failure; doubles with each further one.
    absl::Duration first_backoff = absl::Seconds(1);
    absl::Duration max_backoff = absl::Minutes(5);
    // Each wait is drawn from this part of it up to its whole.
    double min_jitter = 0.8;
    uint64_t seed = 1;
  };

  struct Waiter {
    WaiterId id = 0;
    absl::Time since;
    absl::Time deadline;
    ServedAs served_as = ServedAs::kCold;
  };

  // One model's course. A model without a track is cold and never failed.
  struct Track {
    ModelStateMachine machine;
    // When a load, an unload or a look ended in the present state.
    absl::Time changed_at = absl::InfinitePast();
    bool is_busy = false;  // the engine shows a request in flight
    // The load under way, or the last one.
    LoadId load_id = 0;
    LoadKind started_as = LoadKind::kDemand;
    LoadKind kind = LoadKind::kDemand;  // raised when somebody joins
    absl::Time load_started;
    absl::Time load_deadline;
    bool is_cancelling = false;
    bool has_timed_out = false;
    int64_t done_bytes = 0;
    int64_t total_bytes = 0;
    // Who wants it.
    std::vector<Waiter> waiters;
    std::vector<Waiter> unload_waiters;
    bool is_requested = false;  // a load nobody waits for was asked for
    bool may_evict = false;     // ... and it may drive out others
    absl::Time requested_at;
    // Its past.
    absl::Time last_used = absl::InfinitePast();
    absl::Time ready_at = absl::InfinitePast();
    bool was_served = false;  // somebody used it since this load
    int failures = 0;         // in a row
    absl::Time retry_at = absl::InfinitePast();
    absl::Status last_error;
    // Unloaded by hand: no guess loads it again before this.
    absl::Time no_guess_before = absl::InfinitePast();

    ModelState state() const { return machine.state(); }
    // What "recently used" means for eviction: a guess that nobody used yet
    // counts from when it became ready.
    absl::Time recency() const { return std::max(last_used, ready_at); }
  };

  struct Wanted {
    ModelId model;
    LoadKind kind;
    bool may_evict;
  };

  explicit Coordinator(Options options);

  // Somebody needs `model` now. If it is ready the Wake is returned and the
  // waiter is not kept. UNAVAILABLE with a retry time while it is backing
  // off, RESOURCE_EXHAUSTED at limits::kMaxWaiters.
  absl::StatusOr<std::optional<Wake>> Demand(absl::Time now,
                                             const ModelId& model,
                                             WaiterId waiter,
                                             absl::Time deadline);
  // Asks for a load that nobody waits for. No effect if it is ready, loading
  // or already asked for. UNAVAILABLE while backing off.
  absl::Status Request(absl::Time now, const ModelId& model, bool may_evict);
  // The caller left. The model it waited for; nothing if it did not any more.
  std::optional<ModelId> Withdraw(WaiterId waiter);
  // Joins an unload under way: woken when the memory is back.
  void AwaitUnload(absl::Time now, const ModelId& model, WaiterId waiter,
                   absl::Time deadline);
  void Touch(absl::Time now, const ModelId& model);
  void HoldOffGuesses(const ModelId& model, absl::Time until);
  void Forget(const ModelId& model);  // only while cold or failed

  // Carrying out decisions. Each is legal only in the state it names.
  LoadId BeginLoad(absl::Time now, const ModelId& model, LoadKind kind,
                   absl::Duration timeout);  // cold, failed
  LoadId BeginCancel(const ModelId& model);  // loading
  void BeginUnload(const ModelId& model);    // ready
  std::vector<Wake> Refuse(absl::Time now, const ModelId& model,
                           const absl::Status& why);

  // What came of them.
  struct LoadDone {
    ModelId model;
    LoadKind started_as = LoadKind::kDemand;
    bool was_cancelled = false;
    absl::Duration duration;
    absl::Status status;  // as people should see it
    std::vector<Wake> wakes;
  };
  // Nothing for an id that is not under way.
  std::optional<LoadDone> OnLoadDone(absl::Time now, LoadId id,
                                     const absl::Status& status);
  std::vector<Wake> OnUnloadDone(absl::Time now, const ModelId& model,
                                 const absl::Status& status);
  // A load that was to be unloaded ended without the model becoming ready.
  std::vector<Wake> EndUnloadWait(absl::Time now, const ModelId& model);
  // It was found ready although no load of ours made it so (cold, failed); it
  // is gone although nobody unloaded it (ready).
  std::vector<Wake> OnFoundReady(absl::Time now, const ModelId& model);
  void OnLost(absl::Time now, const ModelId& model);
  void SetBusy(const ModelId& model, bool is_busy);
  // What made it fail is over.
  void EndBackoff(absl::Time now, const ModelId& model);
  // The model whose load it is; nothing for an id that is not under way.
  std::optional<ModelId> OnProgress(LoadId id, int64_t done_bytes,
                                    int64_t total_bytes);

  // Ends waits whose deadline has passed, and names loads that outlived
  // theirs: these are cancelled, their waiters told, and they count as failed
  // once the engine lets go.
  struct Expired {
    std::vector<Wake> wakes;
    std::vector<LoadId> cancels;
  };
  Expired Expire(absl::Time now);
  absl::Time NextDeadline() const;  // InfiniteFuture: none

  // What is asked for and neither loading nor unloading: demands by the time
  // their first waiter came, then requests.
  std::vector<Wanted> WantedModels(absl::Time now) const;
  const Track* Find(const ModelId& model) const;  // null: cold, no past
  // The tracks of all models that hold memory or that somebody wants, in order
  // of their ids; some others too until the next Expire.
  const std::map<ModelId, Track*>& active() const { return active_; }
  size_t waiter_count() const { return waiter_models_.size(); }
  bool IsBackingOff(absl::Time now, const ModelId& model) const;

 private:
  absl::Duration BackoffAfter(int failures);
  std::vector<Wake> WakeAll(absl::Time now, const ModelId& model,
                            std::vector<Waiter>* waiters,
                            const absl::Status& status);
  absl::Status BackoffError(absl::Time now, const ModelId& model,
                            const Track& track) const;

  const Options options_;
  std::mt19937_64 random_;
  std::map<ModelId, Track> tracks_;
  // Every model ever used has a track; a decision looks at these few.
  std::map<ModelId, Track*> active_;
  std::map<WaiterId, ModelId> waiter_models_;
  std::map<LoadId, ModelId> loads_;
  LoadId next_load_id_ = 1;
};

}  // namespace warmup

#endif  // WARMUP_CORE_SCHEDULE_COORDINATOR_H_
