#include "core/base/clock.h"

#include <ctime>

#include "absl/time/clock.h"

namespace warmup {
namespace {

absl::Duration SinceBoot() {
  timespec ts{};
  clock_gettime(CLOCK_BOOTTIME, &ts);
  return absl::DurationFromTimespec(ts);
}

}  // namespace

SystemClock::SystemClock()
    : wall_at_start_(absl::Now()), boot_at_start_(SinceBoot()) {}

absl::Time SystemClock::Now() const {
  return wall_at_start_ + (SinceBoot() - boot_at_start_);
}

}  // namespace warmup
