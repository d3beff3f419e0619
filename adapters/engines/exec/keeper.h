#ifndef WARMUP_ADAPTERS_ENGINES_EXEC_KEEPER_H_
#define WARMUP_ADAPTERS_ENGINES_EXEC_KEEPER_H_

#include <memory>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/engines/exec/child.h"
#include "adapters/engines/exec/unique_fd.h"
#include "core/base/mutex.h"

namespace warmup::exec {

// The one thread that starts, listens to, stops and reaps the commands of an
// engine. It starts them because a child is killed with the thread that made
// it; it never waits for one of them, so that none holds up another.
//
// Thread-safe. When it is destroyed, what still runs is killed.
class Keeper {
 public:
  // RESOURCE_EXHAUSTED (SYSTEM_LIMIT).
  static absl::StatusOr<std::unique_ptr<Keeper>> Create();
  ~Keeper();
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  // Starts it; returns when there is a process, or why there is none.
  absl::Status Start(std::shared_ptr<Child> child) ABSL_LOCKS_EXCLUDED(mutex_);
  // Asks it to stop; Child::AwaitGone says when.
  void Stop(Child& child, absl::Duration grace);

 private:
  explicit Keeper(UniqueFd wake);
  void Wake();
  void Run() ABSL_LOCKS_EXCLUDED(mutex_);
  void TakeNew() ABSL_LOCKS_EXCLUDED(mutex_);
  bool IsStopping() ABSL_LOCKS_EXCLUDED(mutex_);

  const UniqueFd wake_;
  Mutex mutex_;
  std::vector<std::shared_ptr<Child>> new_ ABSL_GUARDED_BY(mutex_);
  bool is_stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::shared_ptr<Child>> children_;  // the thread's
  std::thread thread_;                            // last: it uses the rest
};

}  // namespace warmup::exec

#endif  // WARMUP_ADAPTERS_ENGINES_EXEC_KEEPER_H_
