#include "core/runtime/use_matcher.h"

#include <algorithm>

namespace warmup {

void UseMatcher::OnReported(absl::Time now, const ModelId& model) {
  const auto seen =
      std::find_if(seen_.begin(), seen_.end(),
                   [&](const Seen& s) { return s.model == model; });
  if (seen != seen_.end()) {
    seen_.erase(seen);
    return;
  }
  std::deque<absl::Time>& reports = reports_[model];
  reports.push_back(now);
  if (reports.size() > kMaxSeenAtOnce) reports.pop_front();
}

void UseMatcher::OnSeen(absl::Time now, const ModelId& model, int64_t count) {
  count = std::min(count, kMaxSeenAtOnce);
  const auto reports = reports_.find(model);
  if (reports != reports_.end()) {
    std::deque<absl::Time>& times = reports->second;
    while (!times.empty() && times.front() < now - kReportAge) {
      times.pop_front();
    }
    for (; count > 0 && !times.empty(); --count) times.pop_front();
    if (times.empty()) reports_.erase(reports);
  }
  for (; count > 0; --count) seen_.push_back({model, now});
}

std::vector<UseMatcher::Seen> UseMatcher::TakeUnreported(absl::Time now) {
  std::vector<Seen> unreported;
  while (!seen_.empty() && seen_.front().at + kGrace <= now) {
    unreported.push_back(seen_.front());
    seen_.pop_front();
  }
  return unreported;
}

void UseMatcher::Forget(const ModelId& model) {
  reports_.erase(model);
  std::erase_if(seen_, [&](const Seen& s) { return s.model == model; });
}

}  // namespace warmup
