#ifndef WARMUP_ADAPTERS_ENGINES_HTTP_POLL_UNTIL_H_
#define WARMUP_ADAPTERS_ENGINES_HTTP_POLL_UNTIL_H_

#include <algorithm>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace warmup {

// Asks `is_so`, which returns a StatusOr<bool>, until it says yes or fails, at
// pauses that grow to 100 ms. False: it has said no for `patience`. `is_wanted`
// is asked every 20 ms; its no is a false too.
template <class IsSo, class IsWanted>
absl::StatusOr<bool> PollUntil(absl::Duration patience, IsSo is_so,
                               IsWanted is_wanted) {
  constexpr absl::Duration kStep = absl::Milliseconds(20);
  absl::Duration pause = absl::Milliseconds(5);
  const absl::Time deadline = absl::Now() + patience;
  for (;;) {
    absl::StatusOr<bool> answer = is_so();
    if (!answer.ok() || *answer) return answer;
    for (absl::Duration left = pause; left > absl::ZeroDuration();
         left -= kStep) {
      if (!is_wanted() || absl::Now() >= deadline) return false;
      absl::SleepFor(std::min(left, kStep));
    }
    pause = std::min(2 * pause, absl::Milliseconds(100));
  }
}

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_HTTP_POLL_UNTIL_H_
