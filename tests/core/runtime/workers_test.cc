#include "core/runtime/workers.h"

#include <atomic>
#include <thread>
#include <vector>

#include "tests/support/catch.h"

namespace warmup {
namespace {

// A door that calls wait at.
class Gate {
 public:
  void Open() {
    MutexLock lock(mutex_);
    is_open_ = true;
    changed_.NotifyAll();
  }
  void Pass() {
    MutexLock lock(mutex_);
    while (!is_open_) changed_.Wait(mutex_);
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool is_open_ ABSL_GUARDED_BY(mutex_) = false;
};

TEST_CASE("Workers: a call that hangs holds no other one up") {
  Gate first;
  Gate second;
  Workers workers;
  workers.Run([&] { first.Pass(); });
  workers.Run([&] { second.Open(); });
  second.Pass();
  first.Open();
}

TEST_CASE("Workers: waiting for all waits for calls that start others") {
  std::atomic<int> done = 0;
  Workers workers;
  workers.Run([&] {
    workers.Run([&] {
      workers.Run([&] { ++done; });
      ++done;
    });
    ++done;
  });
  workers.Join();
  CHECK(done == 3);
}

TEST_CASE("Workers: calls may come from everywhere while all are waited for") {
  std::atomic<int> done = 0;
  {
    Workers workers;
    std::vector<std::thread> callers;
    for (int t = 0; t < 3; ++t) {
      callers.emplace_back([&] {
        for (int i = 0; i < 200; ++i) workers.Run([&] { ++done; });
      });
    }
    for (int i = 0; i < 50; ++i) workers.Join();
    for (std::thread& caller : callers) caller.join();
  }
  CHECK(done == 600);
}

}  // namespace
}  // namespace warmup
