#ifndef WARMUP_CORE_BASE_CLOCK_H_
#define WARMUP_CORE_BASE_CLOCK_H_

#include "absl/time/time.h"

namespace warmup {

// The daemon's one timeline. It starts at the wall clock's time when the
// process starts and from then on advances with a monotonic clock that counts
// suspend: it never goes back and never jumps, so every deadline, age and
// label is decided on it. Thread-safe.
//
// Deciders never hold a Clock: they are handed `now`. Only the runtime asks.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() const = 0;
};

// The real timeline (CLOCK_BOOTTIME anchored to the wall clock once).
class SystemClock final : public Clock {
 public:
  SystemClock();
  absl::Time Now() const override;

 private:
  const absl::Time wall_at_start_;
  const absl::Duration boot_at_start_;
};

}  // namespace warmup

#endif  // WARMUP_CORE_BASE_CLOCK_H_
