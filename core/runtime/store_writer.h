#ifndef WARMUP_CORE_RUNTIME_STORE_WRITER_H_
#define WARMUP_CORE_RUNTIME_STORE_WRITER_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/base/mutex.h"
#include "core/ports/store.h"
#include "core/runtime/change_set.h"

namespace warmup {

struct StoreWriterOptions {
  // Between two tries of a store that fails.
  absl::Duration retry_interval = absl::Seconds(1);
  // Changes kept, coalesced, while the store fails, and changes queued while
  // it is slow. Above: RESOURCE_EXHAUSTED, and that change is not kept.
  size_t max_pending = 100'000;
};

// The one thread that writes to the store. Whatever was queued while it wrote
// goes into the next transaction (group commit), so the cost of a commit is
// shared by those who wait for it.
//
// While the store fails: everybody who waits is told at once, the changes are
// kept (the newest of each thing), and tried again each retry_interval until
// they are in the store. So a change whose `done` got an error may still
// become durable later: the error says "not yet".
//
// Thread-safe; its mutex is a leaf. Callbacks run on the writer's thread with
// no lock held, in the order of Enqueue; they may Enqueue, but not Flush or
// Stop. The store outlives the writer and is used by it alone.
class StoreWriter {
 public:
  using Done = std::function<void(absl::Status)>;
  // Told when writing begins to fail, with the error, and when it works
  // again. Not after Stop has returned.
  using HealthChanged =
      std::function<void(bool is_healthy, const absl::Status& status)>;

  StoreWriter(Store& store, HealthChanged health_changed,
              StoreWriterOptions options = {});
  ~StoreWriter();
  StoreWriter(const StoreWriter&) = delete;
  StoreWriter& operator=(const StoreWriter&) = delete;

  // Never blocks and never calls back from within. `done` (may be empty) gets
  // OK when the changes and all before them are durable; INVALID_ARGUMENT if
  // the store can never take some change of its group (the others are kept).
  // After Stop it gets UNAVAILABLE.
  void Enqueue(std::vector<StoreChange> changes, Done done);

  // Waits until everything enqueued before was tried. The error of the last
  // try, OK if all is durable.
  absl::Status Flush();

  // Tries everything a last time; from then on nothing is written. Returns
  // when that is done; may be called again.
  void Stop();

  bool IsHealthy() const;

 private:
  struct Item {
    std::vector<StoreChange> changes;
    Done done;
    absl::Status status;     // why it was refused, if it was
    bool is_urgent = false;  // tries even if the next try is not yet due
    bool is_last = false;    // nothing is written after it
  };
  using Clock = std::chrono::steady_clock;

  void Push(Item item) ABSL_LOCKS_EXCLUDED(mutex_);
  void Run();
  // The items to work on: none when a retry is due or the thread is to end.
  std::vector<Item> WaitForWork(bool* is_ending);
  absl::Status TryAndWait(bool is_last);
  void Work(std::vector<Item> items);
  void Keep(Item& item);
  // What the store says; `refused` if it can never take some of the changes.
  absl::Status TryCommit(absl::Status* refused);
  absl::Status CommitSingly(std::vector<StoreChange> changes);
  void SetHealth(const absl::Status& status);

  Store& store_;
  const HealthChanged health_changed_;
  const StoreWriterOptions options_;

  // The writer's thread only.
  ChangeSet pending_;
  absl::Status last_status_;
  Clock::time_point retry_at_;
  bool is_finished_ = false;

  mutable Mutex mutex_;
  CondVar has_work_;
  std::vector<Item> queue_ ABSL_GUARDED_BY(mutex_);
  size_t queued_changes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool is_healthy_ ABSL_GUARDED_BY(mutex_) = true;
  bool is_closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_ending_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread thread_;  // last: it uses all the others
};

}  // namespace warmup

#endif  // WARMUP_CORE_RUNTIME_STORE_WRITER_H_
