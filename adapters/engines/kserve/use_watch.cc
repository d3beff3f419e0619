#include "adapters/engines/kserve/use_watch.h"

#include <utility>

#include "adapters/engines/http/json_answer.h"

namespace warmup::kserve {

void UseWatch::Observe(absl::Time asked, absl::Time answered,
                       const StatisticsByModel& statistics) {
  if (asked < last_answered_) return;
  const bool is_first = last_answered_ == absl::InfinitePast();
  last_answered_ = answered;
  std::map<std::string, Seen, std::less<>> seen;
  for (const auto& [model, now] : statistics) {
    const auto it = seen_.find(model);
    Seen before = it == seen_.end() ? Seen{} : it->second;
    if (now.successes < before.successes || now.failures < before.failures) {
      before = {};
    }
    Seen after = {.successes = now.successes, .failures = now.failures};
    const int64_t served = now.successes - before.successes;
    const int64_t failed = now.failures - before.failures;
    if (!is_first) {
      if (served + failed > 0) uses_[model] += served + failed;
      if (served == 0) {
        after.failures_in_a_row = before.failures_in_a_row + failed;
      }
    }
    seen[model] = after;
  }
  seen_ = std::move(seen);
  // Nobody asks for them: the names change as fast as the looks come.
  if (uses_.size() > json_answer::kMaxListed) uses_.clear();
}

int64_t UseWatch::TakeUses(std::string_view model) {
  const auto it = uses_.find(model);
  if (it == uses_.end()) return 0;
  const int64_t uses = it->second;
  uses_.erase(it);
  return uses;
}

bool UseWatch::IsFailing(std::string_view model) const {
  const auto it = seen_.find(model);
  return it != seen_.end() && it->second.failures_in_a_row >= kFailuresBelieved;
}

void UseWatch::Forget() {
  seen_.clear();
  last_answered_ = absl::InfinitePast();
}

}  // namespace warmup::kserve
