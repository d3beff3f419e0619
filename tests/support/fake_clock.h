#ifndef WARMUP_TESTS_SUPPORT_FAKE_CLOCK_H_
#define WARMUP_TESTS_SUPPORT_FAKE_CLOCK_H_

#include "core/base/clock.h"
#include "core/base/mutex.h"

namespace warmup {

// Stands still until told to move. Thread-safe.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(absl::Time now = absl::FromUnixSeconds(1'700'000'000))
      : now_(now) {}

  absl::Time Now() const override {
    MutexLock lock(mutex_);
    return now_;
  }
  void Advance(absl::Duration by) {
    MutexLock lock(mutex_);
    now_ += by;
  }

 private:
  mutable Mutex mutex_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace warmup

#endif  // WARMUP_TESTS_SUPPORT_FAKE_CLOCK_H_
