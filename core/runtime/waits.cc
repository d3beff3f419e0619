#include "core/runtime/waits.h"

#include <algorithm>

namespace warmup {

std::vector<absl::Time> WaitDays::MidnightsUntil(absl::Time now) const {
  std::vector<absl::Time> midnights;
  if (days_.empty()) return midnights;
  const absl::CivilDay today = absl::ToCivilDay(now, zone_);
  // A clock that was set far ahead has skipped days by the thousand.
  absl::CivilDay day = std::max(days_.back().day + 1, today - (kDays - 1));
  for (; day <= today; ++day) {
    midnights.push_back(absl::FromCivil(day, zone_));
  }
  return midnights;
}

void WaitDays::Advance(absl::Time now, const Waits& total) {
  const absl::CivilDay today = absl::ToCivilDay(now, zone_);
  if (days_.empty()) {
    start_ = total;
    days_.push_back({today, total});
    return;
  }
  // The clock was set back: what was waited meanwhile is this day's.
  while (days_.size() > 1 && days_.back().day > today) days_.pop_back();
  days_.back().day = std::min(days_.back().day, today);
  if (days_.back().day < today) days_.push_back({today, total});
  while (today - days_.front().day >= kDays) days_.pop_front();
}

WaitWindows WaitDays::Windows(const Waits& total) const {
  if (days_.empty()) return {};
  return {total - days_.back().before, total - days_.front().before,
          total - start_};
}

}  // namespace warmup
