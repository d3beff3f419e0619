#ifndef WARMUP_TESTS_SUPPORT_EVENTUALLY_H_
#define WARMUP_TESTS_SUPPORT_EVENTUALLY_H_

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace warmup {

// How long anything in a test may take: only what hangs gets there.
inline constexpr absl::Duration kPatience = absl::Seconds(60);

// Asks until the answer is yes, for `patience` at most. For what another
// process or thread does, where there is nothing to wait on.
template <class Condition>
bool Eventually(Condition condition, absl::Duration patience = kPatience) {
  const absl::Time deadline = absl::Now() + patience;
  while (!condition()) {
    if (absl::Now() > deadline) return false;
    absl::SleepFor(absl::Milliseconds(2));
  }
  return true;
}

}  // namespace warmup

#endif  // WARMUP_TESTS_SUPPORT_EVENTUALLY_H_
