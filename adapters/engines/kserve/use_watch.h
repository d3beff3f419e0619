#ifndef WARMUP_ADAPTERS_ENGINES_KSERVE_USE_WATCH_H_
#define WARMUP_ADAPTERS_ENGINES_KSERVE_USE_WATCH_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "adapters/engines/kserve/answers.h"

namespace warmup::kserve {

// So many requests in a row that fail, and none that does not: what serves the
// model is dead, whatever the server says.
inline constexpr int64_t kFailuresBelieved = 3;

// Tells from one look at the counters to the next how often each model was
// used, by whomever: warming does not count there. The counters begin anew when
// a model is loaded, so one that is smaller than before is a new start.
//
// A plain value, not thread-safe.
class UseWatch {
 public:
  // Looks may come out of order or at the same time: one that was asked for
  // before the last was answered is ignored.
  void Observe(absl::Time asked, absl::Time answered,
               const StatisticsByModel& statistics);
  // The uses since this was last asked.
  int64_t TakeUses(std::string_view model);
  bool IsFailing(std::string_view model) const;
  // The next look is a first one: nothing in it is a use.
  void Forget();

 private:
  struct Seen {
    int64_t successes = 0;
    int64_t failures = 0;
    int64_t failures_in_a_row = 0;
  };

  std::map<std::string, Seen, std::less<>> seen_;
  std::map<std::string, int64_t, std::less<>> uses_;
  absl::Time last_answered_ = absl::InfinitePast();
};

}  // namespace warmup::kserve

#endif  // WARMUP_ADAPTERS_ENGINES_KSERVE_USE_WATCH_H_
