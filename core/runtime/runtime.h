#ifndef WARMUP_CORE_RUNTIME_RUNTIME_H_
#define WARMUP_CORE_RUNTIME_RUNTIME_H_

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/base/mutex.h"
#include "core/events/event_log.h"
#include "core/ports/device_monitor.h"
#include "core/ports/engine.h"
#include "core/ports/engine_finder.h"
#include "core/ports/event_sink.h"
#include "core/ports/store.h"
#include "core/ports/use_log.h"
#include "core/runtime/director.h"
#include "core/runtime/store_writer.h"
#include "core/runtime/workers.h"

namespace warmup {

// The daemon's heart: the one place that holds the lock. It takes facts in
// from any thread, asks the director under a lock held for microseconds, and
// carries the decisions out without it: loads on workers, changes to the
// store's writer, wakes and observations to whoever waits and watches.
//
// Thread-safe. Callbacks (`done`) are called exactly once, on any thread, also
// before the call that was given them returns, and never under a mutex.
// Everything handed in by reference outlives the runtime.
class Runtime {
 public:
  struct Options {
    Director::Options director;
    // How often engines are looked at while somebody is here and while nobody
    // is, and what they offer is listed; less often where that takes them long.
    absl::Duration look_interval = absl::Seconds(1);
    absl::Duration idle_look_interval = absl::Seconds(15);
    absl::Duration discover_interval = absl::Minutes(1);
    // How often the log of use is written.
    absl::Duration save_interval = absl::Seconds(1);
    // The same of what was learned, which is some megabytes.
    absl::Duration foresight_interval = absl::Minutes(5);
  };

  struct Ports {
    const Clock& clock;
    Store& store;
    EventLog& events;
    std::map<std::string, Engine*> engines;  // by id; those that stay
    std::vector<DeviceMonitor*> monitors;    // one for each kind of device
    std::vector<EventSink*> sinks;
    EngineFinder& finder;
    UseLog& uses;  // of what goes into the store
  };

  template <typename T>
  using Done = std::function<void(absl::StatusOr<T>)>;

  // `state` is what the store's Load returned.
  Runtime(Options options, Ports ports, const StoredState& state);
  ~Runtime();  // as Stop

  // Starts the ticker; before it, nothing moves by itself.
  void Start();
  // Cancels loads, answers everybody who waits with UNAVAILABLE, writes what
  // was learned, and joins all threads. Nothing may be called afterwards but
  // the getters.
  void Stop();

  // Catalogue. These, the policy and the end of sessions answer when the
  // change is durable; NOT_DURABLE (UNAVAILABLE) means it holds but would not
  // survive a restart yet: the store is retried until it does.
  // Register and Update ask the engine first, so they block on a worker.
  void RegisterModel(ModelSpec spec, Done<ModelView> done);
  void UpdateModel(ModelSpec spec, std::optional<int64_t> expected_revision,
                   Done<ModelView> done);
  void RemoveModel(const ModelId& id, Done<ModelId> done);
  void PinModel(const ModelId& id, bool is_pinned, Done<ModelView> done);
  void SetPolicy(const SwitchingPolicy& policy, Done<SwitchingPolicy> done);
  absl::StatusOr<ModelView> GetModel(const ModelId& id) const;
  std::vector<ModelView> ListModels(const ModelId& after, size_t limit) const;
  SwitchingPolicy GetPolicy() const;

  // Engines (runtime_engines.cc). Servers on this machine are looked for, and
  // what engines offer is registered, at the start, from time to time, and soon
  // after this.
  void DiscoverSoon();
  // What each engine is like, and how its last look went.
  EngineListing ListEngines() const;
  // Both are kept over restarts. ALREADY_EXISTS, RESOURCE_EXHAUSTED, and what
  // EngineFinder::Make says.
  void AddEngine(EngineSpec spec, Done<EngineStatus> done);
  // One that was found is not taken again until it is added. NOT_FOUND;
  // FAILED_PRECONDITION for one that is configured or holds what is in use.
  void RemoveEngine(const std::string& id, Done<std::string> done);

  // Loads. The returned id withdraws the caller; 0: already answered.
  WaiterId LoadModel(const ModelId& id, absl::Time deadline, Done<Wake> done);
  absl::Status RequestLoad(const ModelId& id, bool may_evict);
  WaiterId UnloadModel(const ModelId& id, absl::Time deadline, Done<Wake> done);
  // True if the waiter was still there: its callback will never be called.
  bool Withdraw(WaiterId waiter);
  absl::StatusOr<Lease> AcquireLease(const ModelId& id,
                                     absl::Duration duration);
  absl::StatusOr<Lease> RenewLease(const LeaseId& id, absl::Duration duration);
  absl::Status ReleaseLease(const LeaseId& id);

  // Sessions. `is_durable` false: taken, but the store cannot write now.
  struct SessionAnswer {
    Session session;
    bool is_durable = true;
  };
  void StartSession(Session session, Done<SessionAnswer> done);
  void KeepAliveSession(
      const SessionId& id,
      const std::optional<std::map<std::string, ModelId>>& roles,
      Done<SessionAnswer> done);
  void StopSession(const SessionId& id, Done<SessionAnswer> done);
  std::vector<Session> ListSessions() const;

  // Facts and questions.
  absl::Status RecordUsage(const std::vector<UsageReport>& batch);
  absl::Status ReportActivity(const std::vector<ActivityReport>& batch);
  absl::StatusOr<Prediction> Predict(const PredictionRequest& request);
  // Subscribers see the event at once; `done` comes when it is in the store.
  void Publish(Event event, Done<Event> done);
  // What the store keeps of use, if it can write now all that was told before
  // the first read, which is behind no record; on a worker. The errors are
  // UseLog's; UNAVAILABLE while the daemon stops.
  void ReadUses(const UseQuery& query, Done<std::vector<UseRecord>> done);
  Status GetStatus() const;
  // As it was with the last tick, at most a second ago: for observers, who
  // must not hold the lock.
  std::shared_ptr<const Status> LastStatus() const;
  bool IsStoreHealthy() const { return writer_.IsHealthy(); }
  absl::Time started_at() const { return started_at_; }
  absl::Time Now() const { return ports_.clock.Now(); }

 private:
  class LoadTask;

  using Waiting = std::map<WaiterId, std::function<void(Wake)>>;

  // Tells the thread analysis that a callback runs under the lock.
  void MutexAssert() const ABSL_ASSERT_EXCLUSIVE_LOCK(mutex_) {}
  // What must keep the order of decisions, so it is done under the lock, and
  // only touches memory: the log of events, the queue of the store's writer
  // (`durable`, if given, is called when fx->changes are in the store), the
  // flags of loads.
  void Commit(Effects* fx, std::function<void(absl::Status)> durable)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Then carries out the rest; the lock is not held.
  void Execute(Effects fx);
  void StartLoad(const LoadOrder& order);
  void StartUnload(const UnloadOrder& order);
  void FinishLoad(LoadId id, const absl::StatusOr<LoadResult>& result);
  WaiterId Wait(
      Done<Wake> done,
      const std::function<absl::Status(absl::Time, WaiterId, Effects*)>& ask);
  using DecideModel =
      std::function<absl::StatusOr<ModelView>(absl::Time, ModelSpec, Effects*)>;
  // Has the engine fill in what it can tell of `spec`; then as Change.
  void ChangeModel(ModelSpec spec, Done<ModelView> done, DecideModel decide);
  template <typename T>
  void Change(
      Done<T> done,
      const std::function<absl::StatusOr<T>(absl::Time, Effects*)>& decide);
  void ChangeSession(
      Done<SessionAnswer> done,
      const std::function<absl::StatusOr<Session>(absl::Time, Effects*)>&
          decide);
  LeaseId NewLeaseId() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RunTicker();
  // Each monitor by itself: the driver of one may take seconds, or hang.
  void MeasureDevices();
  void TellDevices() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // An engine, and who brought it.
  struct EngineEntry {
    std::shared_ptr<Engine> engine;
    EngineOrigin origin = EngineOrigin::kConfigured;
  };
  // Null: not there.
  std::shared_ptr<Engine> FindEngine(const std::string& id) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RestoreEngines(const StoredState& state);
  void SearchEngines();
  absl::Status TakeEngine(std::shared_ptr<Engine> engine, EngineOrigin origin,
                          Effects* fx) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  EngineStatus StatusOf(EngineStatus status) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void LookAtEngines();
  void LookAt(Engine* engine);
  void Discover(Engine* engine);
  Status StatusNow() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ReportProgress();
  void SaveForesight();
  // Takes them up for the next save. (runtime_uses.cc)
  void KeepUses(std::vector<UseRecord> uses)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SaveUses();
  // Logs an event of the daemon itself that no fact brought about.
  void Log(Event event);
  void OnStoreHealth(bool is_healthy, const absl::Status& status);

  const Options options_;
  const Ports ports_;
  const absl::Time started_at_;
  StoreWriter writer_;

  mutable Mutex mutex_;
  CondVar tick_soon_;
  Director director_ ABSL_GUARDED_BY(mutex_);
  Waiting waiting_ ABSL_GUARDED_BY(mutex_);
  std::map<LoadId, std::shared_ptr<LoadTask>> tasks_ ABSL_GUARDED_BY(mutex_);
  WaiterId next_waiter_ ABSL_GUARDED_BY(mutex_) = 1;
  uint64_t next_lease_ ABSL_GUARDED_BY(mutex_) = 1;
  uint64_t next_session_ ABSL_GUARDED_BY(mutex_) = 1;
  // Looks and discoveries of one engine never overlap: one that hangs must not
  // pile up calls.
  struct LookPlan {
    bool is_under_way = false;
    absl::Time last_look = absl::InfinitePast();
    absl::Time next_look = absl::InfinitePast();  // not before
    absl::Time next_discovery = absl::InfinitePast();
  };
  std::map<std::string, LookPlan> looks_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, EngineEntry> engines_ ABSL_GUARDED_BY(mutex_);
  // By endpoint: what was added, and what was removed for good.
  std::map<std::string, PutEngine> named_engines_ ABSL_GUARDED_BY(mutex_);
  // Of those that were added, what could not be made again at the start.
  std::vector<NotTaken> not_restored_ ABSL_GUARDED_BY(mutex_);
  std::vector<NotTaken> not_taken_ ABSL_GUARDED_BY(mutex_);
  // By place in ports_.monitors.
  struct Measurement {
    bool is_under_way = false;
    absl::Time began;
    absl::StatusOr<std::vector<DeviceSample>> newest =
        std::vector<DeviceSample>();
  };
  std::vector<Measurement> measurements_ ABSL_GUARDED_BY(mutex_);
  bool is_searching_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Time next_search_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  absl::Time next_tick_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  bool is_stopping_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t saved_lessons_ ABSL_GUARDED_BY(mutex_) = 0;  // see Director
  // The newest limits::kMaxUnsavedUses. While the store is slow they wait here:
  // what is a log only must not fill the queue of what was promised.
  std::deque<UseRecord> unsaved_uses_ ABSL_GUARDED_BY(mutex_);
  bool is_saving_uses_ ABSL_GUARDED_BY(mutex_) = false;

  mutable Mutex last_status_mutex_;  // a leaf
  std::shared_ptr<const Status> last_status_
      ABSL_GUARDED_BY(last_status_mutex_);

  std::thread ticker_;
  Workers workers_;  // last: its calls use all of the above
};

}  // namespace warmup

#endif  // WARMUP_CORE_RUNTIME_RUNTIME_H_
