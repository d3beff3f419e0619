#include "core/runtime/warmup_tally.h"

#include <algorithm>
#include <vector>

namespace warmup {

void WarmupTally::OnLoadStarted(const ModelId& model, bool is_guess) {
  Course& course = courses_[model];
  course.is_guess = is_guess;
  course.is_ready = false;
  course.was_used = false;
}

void WarmupTally::OnLoadEnded(absl::Time now, const ModelId& model,
                              LoadEnd end) {
  Course& course = courses_[model];
  if (end == LoadEnd::kReady) {
    course.is_ready = true;
    course.ready_at = now;
    if (course.is_guess && course.was_used) {
      ++counts_.used;
      ++counts_.late;
    }
    return;
  }
  if (course.is_guess && end == LoadEnd::kCancelled) ++counts_.unused;
  course.is_guess = false;
  // Who comes next finds it missing anew.
  course.missed_at = absl::InfinitePast();
}

void WarmupTally::OnFoundReady(absl::Time now, const ModelId& model) {
  Course& course = courses_[model];
  course.is_guess = false;
  course.is_ready = true;
  course.ready_at = now;
}

void WarmupTally::OnGone(absl::Time now, const ModelId& model) {
  Course& course = courses_[model];
  if (course.is_ready && course.is_guess && !course.was_used) {
    ++counts_.unused;
  }
  course.is_guess = false;
  course.is_ready = false;
  course.gone_at = now;
  course.missed_at = absl::InfinitePast();
}

void WarmupTally::OnDemanded(absl::Time now, const ModelId& model) {
  Course& course = courses_[model];
  course.demanded_at = now;
  OnCome(course, now);
}

void WarmupTally::OnUsed(absl::Time now, const ModelId& model, absl::Time at) {
  Course& course = courses_[model];
  const bool has_counted = now - course.demanded_at <= kSameUse;
  course.demanded_at = absl::InfinitePast();
  if (!has_counted) OnCome(course, at);
}

void WarmupTally::OnCome(Course& course, absl::Time at) {
  // Of a use told late: how it was then is not known any more.
  if (!course.is_ready && at < course.gone_at) return;
  const bool is_in_time = course.is_ready && at >= course.ready_at;
  if (!is_in_time) CountMissed(course, at);
  if (!course.is_guess || course.was_used) {
    if (is_in_time) ++counts_.idle_uses;
    return;
  }
  course.was_used = true;
  if (!course.is_ready) return;  // counts once it is
  ++counts_.used;
  if (is_in_time) {
    CountLead(at - course.ready_at);
  } else {
    ++counts_.late;
  }
}

void WarmupTally::CountMissed(Course& course, absl::Time at) {
  const bool is_same = at - course.missed_at <= kSameAbsence;
  if (is_same) return;
  course.missed_at = at;
  ++counts_.missed;
}

void WarmupTally::CountLead(absl::Duration lead) {
  counts_.lead += lead;
  leads_.push_back(lead);
  if (leads_.size() > kLeads) leads_.pop_front();
  std::vector<absl::Duration> sorted(leads_.begin(), leads_.end());
  const auto middle =
      sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  counts_.median_lead = *middle;
}

}  // namespace warmup
