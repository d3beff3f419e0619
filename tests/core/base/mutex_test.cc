#include "core/base/mutex.h"

#include <thread>
#include <vector>

#include "tests/support/catch.h"

namespace warmup {
namespace {

struct Counter {
  Mutex mutex;
  CondVar changed;
  int value ABSL_GUARDED_BY(mutex) = 0;
};

TEST_CASE("Mutex: guards what it guards") {
  Counter counter;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&counter] {
      for (int i = 0; i < 1000; ++i) {
        MutexLock lock(counter.mutex);
        ++counter.value;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  MutexLock lock(counter.mutex);
  CHECK(counter.value == 4000);
}

TEST_CASE("CondVar: a waiter wakes and holds the mutex again") {
  Counter counter;
  std::thread other([&counter] {
    MutexLock lock(counter.mutex);
    counter.value = 1;
    counter.changed.NotifyAll();
    while (counter.value != 2) counter.changed.Wait(counter.mutex);
    counter.value = 3;
    counter.changed.NotifyAll();
  });
  {
    MutexLock lock(counter.mutex);
    while (counter.value != 1) counter.changed.Wait(counter.mutex);
    counter.value = 2;
    counter.changed.NotifyAll();
    while (counter.value != 3) {
      counter.changed.WaitFor(counter.mutex, absl::Seconds(60));
    }
  }
  other.join();
}

TEST_CASE("CondVar: says when the time ran out") {
  Counter counter;
  MutexLock lock(counter.mutex);
  while (counter.changed.WaitFor(counter.mutex, absl::Milliseconds(1))) {
  }
  CHECK_FALSE(counter.changed.WaitFor(counter.mutex, absl::ZeroDuration()));
}

}  // namespace
}  // namespace warmup
