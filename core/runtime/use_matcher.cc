#include "core/runtime/use_matcher.h"

#include <algorithm>
#include <utility>

namespace warmup {

namespace {

// Takes out the oldest use of the model; false if there is none.
bool Take(std::deque<UseMatcher::Seen>& seen, const ModelId& model) {
  const auto it =
      std::find_if(seen.begin(), seen.end(),
                   [&](const UseMatcher::Seen& s) { return s.model == model; });
  if (it == seen.end()) return false;
  seen.erase(it);
  return true;
}

}  // namespace

bool UseMatcher::OnReported(absl::Time now, const ModelId& model) {
  last_report_ = now;
  DropCounted(now);
  if (Take(counted_, model)) return false;
  if (Take(seen_, model)) return true;
  std::deque<absl::Time>& reports = reports_[model];
  reports.push_back(now);
  if (reports.size() > kMaxSeenAtOnce) reports.pop_front();
  return true;
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

std::vector<UseMatcher::Seen> UseMatcher::TakeUnreported(absl::Time now,
                                                         bool is_connected) {
  const bool may_be_reported =
      is_connected || now - last_report_ < kReporterAge;
  std::vector<Seen> unreported;
  while (!seen_.empty() &&
         (!may_be_reported || seen_.front().at + kGrace <= now)) {
    unreported.push_back(seen_.front());
    counted_.push_back(std::move(seen_.front()));
    seen_.pop_front();
  }
  DropCounted(now);
  return unreported;
}

void UseMatcher::DropCounted(absl::Time now) {
  while (!counted_.empty() && counted_.front().at + kGrace <= now) {
    counted_.pop_front();
  }
}

void UseMatcher::Forget(const ModelId& model) {
  reports_.erase(model);
  for (std::deque<Seen>* seen : {&seen_, &counted_}) {
    std::erase_if(*seen, [&](const Seen& s) { return s.model == model; });
  }
}

}  // namespace warmup
