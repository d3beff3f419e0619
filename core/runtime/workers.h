#ifndef WARMUP_CORE_RUNTIME_WORKERS_H_
#define WARMUP_CORE_RUNTIME_WORKERS_H_

#include <cstddef>
#include <functional>
#include <list>
#include <thread>

#include "core/base/mutex.h"

namespace warmup {

// Runs blocking calls (loads, unloads, measurements), each on a thread of its
// own: they take seconds and are few (the coordinator bounds them), so a
// thread costs nothing and no call ever waits for another. Thread-safe; its
// mutex is a leaf. The destructor waits for all.
class Workers {
 public:
  Workers() = default;
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  void Run(std::function<void()> call);
  // Waits until nothing runs any more, for calls that come meanwhile too.
  void Join();

 private:
  struct Worker {
    std::thread thread;
    bool is_done = false;
  };

  void Reap() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Mutex mutex_;
  std::list<Worker> workers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace warmup

#endif  // WARMUP_CORE_RUNTIME_WORKERS_H_
