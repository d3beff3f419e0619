#include "core/runtime/workers.h"

#include <utility>

namespace warmup {

Workers::~Workers() { Join(); }

void Workers::Run(std::function<void()> call) {
  MutexLock lock(mutex_);
  Reap();
  Worker& worker = workers_.emplace_back();
  worker.thread = std::thread([this, &worker, call = std::move(call)] {
    call();
    MutexLock done_lock(mutex_);
    worker.is_done = true;
  });
}

void Workers::Join() {
  for (;;) {
    // Out of the list, so that no call that comes meanwhile reaps it too.
    std::list<Worker> first;
    {
      MutexLock lock(mutex_);
      if (workers_.empty()) return;
      first.splice(first.begin(), workers_, workers_.begin());
    }
    first.front().thread.join();
  }
}

void Workers::Reap() {
  for (auto it = workers_.begin(); it != workers_.end();) {
    const auto next = std::next(it);
    if (it->is_done) {
      it->thread.join();  // its last act was to set is_done
      workers_.erase(it);
    }
    it = next;
  }
}

}  // namespace warmup
