#ifndef WARMUP_CORE_RUNTIME_DIRECTOR_H_
#define WARMUP_CORE_RUNTIME_DIRECTOR_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/model/catalogue.h"
#include "core/ports/device_monitor.h"
#include "core/ports/engine.h"
#include "core/ports/store.h"
#include "core/runtime/effects.h"
#include "core/runtime/facts.h"
#include "core/runtime/outlook.h"
#include "core/runtime/use_journal.h"
#include "core/runtime/use_matcher.h"
#include "core/runtime/warmup_tally.h"
#include "core/schedule/coordinator.h"
#include "core/schedule/lease_table.h"
#include "core/schedule/ledger.h"
#include "core/schedule/policy.h"
#include "core/session/session_table.h"

namespace warmup {

// Composes the deciders: a fact goes in with the time it happened, and what
// the world has to do about it comes out as Effects. No I/O, threads, clock or
// lock: the daemon's Runtime drives it under its lock, a replay or a
// simulation drives it on simulated time. A call that returns an error has
// changed nothing.
class Director {
 public:
  struct DeviceOptions {
    int64_t budget_bytes = 0;
    int64_t reserve_bytes = 0;  // measured free memory a guess must leave
  };
  struct Options {
    SwitchingPolicy policy;
    std::map<std::string, DeviceOptions> devices;
    std::set<std::string> engines;  // the first ones
    absl::TimeZone zone = absl::UTCTimeZone();
    uint64_t seed = 1;
  };

  explicit Director(Options options);

  // Takes up what the store held. Every model starts cold. An error says why
  // what foresight had learned was not; all else is there.
  absl::Status Restore(const StoredState& state);
  // What foresight was told last before that was saved; InfinitePast: never.
  absl::Time told_until() const { return outlook_.told_until(); }
  // Foresight is told again what the log has of the time after: a process that
  // was killed saved nothing at its end.
  void Relearn(std::vector<UseRecord> uses);

  // --- Catalogue (director_models.cc) ---
  absl::StatusOr<ModelView> RegisterModel(absl::Time now, ModelSpec spec,
                                          Effects* fx);
  // FAILED_PRECONDITION if the engine, source or device of a model that is
  // not cold would change.
  absl::StatusOr<ModelView> UpdateModel(
      absl::Time now, ModelSpec spec, std::optional<int64_t> expected_revision,
      Effects* fx);
  absl::Status RemoveModel(absl::Time now, const ModelId& id, Effects* fx);
  absl::StatusOr<ModelView> PinModel(absl::Time now, const ModelId& id,
                                     bool is_pinned, Effects* fx);
  absl::StatusOr<ModelView> GetModel(const ModelId& id) const;
  std::vector<ModelView> ListModels(const ModelId& after, size_t limit) const;
  absl::Status SetPolicy(absl::Time now, const SwitchingPolicy& policy,
                         Effects* fx);
  const SwitchingPolicy& policy() const { return policy_; }

  // --- Loads and holds (director_loads.cc) ---
  // Somebody waits for `id` until `deadline`. If it is ready, or the answer
  // is a refusal, the waiter's Wake is in fx at once; otherwise it comes with
  // a later fact, exactly once.
  absl::Status DemandModel(absl::Time now, const ModelId& id, WaiterId waiter,
                           absl::Time deadline, Effects* fx);
  // A load nobody waits for; refused if it does not fit (and may not evict).
  absl::Status RequestModel(absl::Time now, const ModelId& id, bool may_evict,
                            Effects* fx);
  // Woken when the memory is back; at once if it is cold. FAILED_PRECONDITION
  // while pinned, leased or waited for.
  absl::Status UnloadModel(absl::Time now, const ModelId& id, WaiterId waiter,
                           absl::Time deadline, Effects* fx);
  void Withdraw(absl::Time now, WaiterId waiter, Effects* fx);
  absl::StatusOr<Lease> AcquireLease(absl::Time now, const LeaseId& lease,
                                     const ModelId& id, absl::Duration duration,
                                     Effects* fx);
  absl::StatusOr<Lease> RenewLease(absl::Time now, const LeaseId& lease,
                                   absl::Duration duration);
  absl::Status ReleaseLease(absl::Time now, const LeaseId& lease, Effects* fx);

  // --- Sessions, activity, usage, prediction (director_facts.cc) ---
  absl::StatusOr<Session> StartSession(absl::Time now, Session session,
                                       Effects* fx);
  absl::StatusOr<Session> KeepAliveSession(
      absl::Time now, const SessionId& id,
      const std::optional<std::map<std::string, ModelId>>& roles, Effects* fx);
  absl::StatusOr<Session> StopSession(absl::Time now, const SessionId& id,
                                      Effects* fx);
  std::vector<Session> ListSessions() const { return sessions_.List(); }
  // A batch is taken whole or not at all.
  absl::Status RecordUsage(absl::Time now,
                           const std::vector<UsageReport>& batch, Effects* fx);
  absl::Status ReportActivity(absl::Time now,
                              const std::vector<ActivityReport>& batch,
                              Effects* fx);
  absl::StatusOr<Prediction> Predict(absl::Time now,
                                     const PredictionRequest& request,
                                     Effects* fx);

  // --- What engines and devices answered (director_answers.cc) ---
  void OnLoadDone(absl::Time now, LoadId id,
                  const absl::StatusOr<LoadResult>& result, Effects* fx);
  void OnUnloadDone(absl::Time now, const ModelId& id,
                    const absl::Status& status, Effects* fx);
  void OnProgress(LoadId id, int64_t done_bytes, int64_t total_bytes,
                  Effects* fx);
  // All devices as they are now, and why there are none of some kind.
  void OnDevices(std::vector<DeviceSample> devices,
                 std::vector<absl::Status> not_seen);
  // --- What engines show of themselves (director_engines.cc) ---
  // Takes what others loaded and used as it is, gives up what is gone, and
  // marks what is busy. What changed since the look began is left alone.
  void OnLooked(absl::Time now, const EngineLook& look, Effects* fx);
  // Registers a model that its engine offers. Nothing if it is there already;
  // a name that another engine's model has is told apart by the engine's.
  bool OnOffered(absl::Time now, ModelSpec spec, Effects* fx);
  // From here on models may name it. Nothing if it is there already.
  void AddEngine(absl::Time now, const std::string& engine, Effects* fx);
  // Its models leave the catalogue; what it holds it keeps. FAILED_PRECONDITION
  // while one of them is held, wanted or on its way.
  absl::Status RemoveEngine(absl::Time now, const std::string& engine,
                            Effects* fx);
  bool HasEngine(const std::string& engine) const {
    return engines_.contains(engine);
  }
  std::vector<EngineStatus> ListEngines() const;
  // False while it is not there or its last look failed.
  bool IsAvailable(const std::string& engine) const;
  // The models of each engine, made anew only when the catalogue has changed.
  std::shared_ptr<const std::vector<ModelSpec>> ModelsOf(
      const std::string& engine);
  // Whether anybody is here to use a model: then looks are frequent.
  bool IsAnybodyHere(absl::Time now) const;

  // --- Time ---
  // Ends what has expired, refreshes the forecasts, decides anew.
  void Tick(absl::Time now, Effects* fx);
  // When Tick has something to do at the latest, besides forecasts.
  absl::Time NextDeadline() const;

  // --- For people and for the store ---
  Status GetStatus() const;
  std::string SaveForesight() const { return outlook_.Save(); }
  // Of what foresight has learned, counted: as long as it is the same, nothing
  // new.
  uint64_t lessons() const { return totals_.usages + totals_.activities; }

 private:
  // After an unload by hand, through us or not, no guess brings the model
  // back for so long: whoever unloaded it had a reason.
  static constexpr absl::Duration kHoldOffAfterUnload = absl::Minutes(5);
  // A model that was asked for ahead of its use is not given back for so long.
  static constexpr absl::Duration kAskedForStays = absl::Minutes(10);

  struct EngineState {
    absl::Status health;
    absl::Time since = absl::InfinitePast();
    EngineTotals totals;
    // What it is seen to load for others, as of the last look.
    std::set<ModelId> loading;
    int max_models = 0;  // as in EngineInfo
    // Empty: to be made anew.
    std::shared_ptr<const std::vector<ModelSpec>> models;
  };

  // A load or an unload of the model has ended, or it was found or lost.
  bool HasChangedSince(absl::Time since, const ModelId& id) const;
  void OnSighted(absl::Time now, const ModelSpec& spec,
                 const Sighting& sighting, Effects* fx);
  void FoundReady(absl::Time now, const ModelSpec& spec,
                  const Residency& residency, Effects* fx);
  void CountForeignLoad(const ModelSpec& spec);
  void Lost(absl::Time now, const ModelId& id, const Residency& residency,
            Effects* fx);
  size_t CountModels(const std::string& engine) const;
  // A load of ours would find most of the model in memory, or not any more.
  void SetCached(const ModelId& id, bool is_cached, Effects* fx);
  void SetHealth(absl::Time now, const std::string& engine,
                 const absl::Status& health, Effects* fx);

  // A use of a model, by whom it may be.
  void LearnFirstAnswer(const ModelId& id, absl::Time at, absl::Duration time,
                        Effects* fx);
  void Used(absl::Time now, const Usage& usage, Effects* fx);
  // A sign of life, of no model.
  void Seen(absl::Time now, const std::string& kind, std::string_view who);
  // Uses that were seen and that nobody has reported.
  void CountSeen(absl::Time now, Effects* fx);
  // Counts ended waits as served or failed, and ends them.
  void Serve(std::vector<Wake> wakes, Effects* fx);

  absl::StatusOr<const Catalogue::Entry*> FindEntry(const ModelId& id) const;
  absl::Status CheckPlacement(const ModelSpec& spec) const;
  // UNAVAILABLE unless the engine of `spec` is there: it may have been found
  // only by an earlier run.
  absl::Status CheckHasEngine(const ModelSpec& spec) const;
  // The list that ModelsOf keeps is not right any more.
  void ForgetModelsOf(const std::string& engine);
  ModelView View(const Catalogue::Entry& entry) const;
  // A load that nobody asked for; before it begins.
  bool IsGuess(const Decision& decision) const;
  PredictionQuality Quality() const;
  // Tells the observers that `id` changed.
  void Changed(const ModelId& id, Effects* fx);
  void Log(absl::Time now, std::string_view type, const ModelId& id,
           Effects* fx);

  absl::Status CheckSession(const SessionId& id) const;
  absl::Status CheckTime(absl::Time now, absl::Time at,
                         std::string_view field) const;
  absl::Status CheckRoles(const std::map<std::string, ModelId>& roles) const;
  // The model that the activity at `field` announces; empty: none.
  absl::StatusOr<ModelId> Announced(std::string_view field,
                                    const ActivityReport& report) const;
  void Announce(absl::Time now, const Announcement& announcement, UseKind why,
                Effects* fx);
  // It is not ready, and nobody has told of a use of it lately.
  bool IsNews(absl::Time now, const ModelId& id) const;
  // A load of it was asked for: it is not known to what end. Or somebody waits
  // for it, and so will use it; the report of that is no other use.
  void AnnounceUnlessUsed(absl::Time now, const Catalogue::Entry& entry);
  void UseUnlessUsed(absl::Time now, const Catalogue::Entry& entry);
  std::string UserOf(const SessionId& session, const std::string& user) const;
  // Who it is, for habits: a user, else a session.
  static std::string_view NameOf(const SessionId& session,
                                 const std::string& user) {
    return user.empty() ? session : user;
  }
  // The model that the session binds to the task; empty: none.
  ModelId BoundTo(const PredictionRequest& request) const;
  std::vector<Forecast> Choose(absl::Time now, const PredictionRequest& request,
                               const ModelId& bound,
                               std::string_view who) const;
  // Models that serve the task, but are not promising.
  void AddOthers(absl::Time now, const PredictionRequest& request,
                 std::string_view who, std::vector<Forecast>* forecasts) const;
  bool Serves(const PredictionRequest& request,
              const Catalogue::Entry& entry) const;

  Outlook::Cost CostOf(const Catalogue::Entry& entry) const;
  // What it costs is known better, or is something else now.
  void Reprice(const ModelId& id);
  void SetLimits();
  // Tells how many wait, and what is held.
  void TellOutlook();
  PolicySnapshot Snapshot(absl::Time now) const;
  // By somebody's word: it stays in memory.
  bool IsHeld(const Catalogue::Entry& entry) const;
  // What may be loaded on a guess.
  void AddCandidates(absl::Time now, PolicySnapshot* snapshot) const;
  // Engines on which somebody waits for a load, ours or one that is seen there:
  // a guess would be in its way.
  std::set<std::string> EnginesAtWork() const;
  // Takes what loads of others will need from what is measured as free.
  std::vector<DeviceStatus> ListDevices() const;
  void AddForeignLoads(std::map<std::string, DeviceView>* devices) const;
  // Asks the policy and carries its decisions into the coordinator.
  void Reconcile(absl::Time now, Effects* fx);
  void Apply(absl::Time now, const Decision& decision, Effects* fx);
  void Deliver(std::vector<Wake> wakes, Effects* fx);
  void BeginUnload(absl::Time now, const ModelId& id, std::string_view reason,
                   Effects* fx);
  void BeginCancel(absl::Time now, const ModelId& id, std::string_view reason,
                   Effects* fx);

  const Options options_;
  SwitchingPolicy policy_;
  Catalogue catalogue_;
  SessionTable sessions_;
  Ledger ledger_;
  LeaseTable leases_;
  Coordinator coordinator_;

  Outlook outlook_;
  // Somebody used a model that was not ready, and so is loading it, or will ask
  // for it: at this time no guess may be in the way.
  absl::Time no_guess_at_ = absl::InfinitePast();
  std::string last_sign_;  // the kind of it
  absl::Time last_sign_at_ = absl::InfinitePast();
  // Uses that foresight knows of by a demand, and that may be reported yet.
  std::map<ModelId, absl::Time> demanded_;
  // Models by type, for a task nobody has been seen to use a model for.
  std::map<ModelType, std::set<ModelId>> by_type_;
  std::map<std::string, DeviceSample> devices_;  // as seen last, by id
  std::vector<absl::Status> devices_not_seen_;
  std::map<std::string, EngineState> engines_;
  // Models that do not answer, but are mostly in memory: their engines show so.
  std::set<ModelId> cached_;
  UseMatcher use_matcher_;
  UseJournal journal_;
  WarmupTally warmups_;
  absl::Time last_fact_at_ = absl::InfinitePast();
  // Usage ids of late, so that one told twice counts once.
  std::set<std::string> usage_ids_;
  std::deque<std::string> usage_ids_in_order_;
  Totals totals_;
  uint64_t version_ = 0;
};

}  // namespace warmup

#endif  // WARMUP_CORE_RUNTIME_DIRECTOR_H_
