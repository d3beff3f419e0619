#ifndef WARMUP_CORE_RUNTIME_WAITS_H_
#define WARMUP_CORE_RUNTIME_WAITS_H_

#include <deque>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace warmup {

// How long all requests together waited for models, those that still wait
// included: really, and on machines with the same memory that do as others do.
struct Waits {
  absl::Duration really;
  absl::Duration lru;             // load on demand, the least recently used go
  absl::Duration ollama_default;  // the same, and after five idle minutes

  Waits operator-(const Waits& other) const {
    return {really - other.really, lru - other.lru,
            ollama_default - other.ollama_default};
  }
};

// The same for stretches of time that end now.
struct WaitWindows {
  Waits today;
  Waits last_7_days;  // today, and the six days before it
  Waits since_start;
};

// What was waited by local midnight, of the last days: sums that only grow go
// in, and windows come out. Not thread-safe.
class WaitDays {
 public:
  // Days begin where people have midnight in `zone`.
  explicit WaitDays(absl::TimeZone zone) : zone_(zone) {}

  // Those that have passed since the last Advance and still matter, in order.
  // To be exact, call Advance for each before it is called for `now`.
  std::vector<absl::Time> MidnightsUntil(absl::Time now) const;
  // `total`: what was waited until now, since whenever. `now` may go back, as
  // clocks do: then the day that it goes back to goes on.
  void Advance(absl::Time now, const Waits& total);
  // Nothing before the first Advance.
  WaitWindows Windows(const Waits& total) const;

 private:
  static constexpr int kDays = 7;

  struct Day {
    absl::CivilDay day;
    Waits before;  // the total when it began
  };

  absl::TimeZone zone_;
  Waits start_;
  std::deque<Day> days_;  // at most kDays, the last is today
};

}  // namespace warmup

#endif  // WARMUP_CORE_RUNTIME_WAITS_H_
