#include "core/predict/time_profile.h"

#include <algorithm>

#include "absl/time/civil_time.h"

namespace warmup::predict {
namespace {

constexpr float kKeep = 1.0f - 1.0f / 256;
// Pseudo-counts a class: an hour needs about this many uses to be believed.
constexpr double kPrior = 4;
constexpr double kMaxCount = 1e6;

float Clean(double count) {
  return count > 0 ? static_cast<float>(std::min(count, kMaxCount)) : 0.0f;
}

}  // namespace

LocalTime ToLocal(absl::TimeZone zone, absl::Time at) {
  const absl::CivilSecond civil = zone.At(at).cs;
  return {civil.hour(), static_cast<int>(absl::GetWeekday(civil))};
}

void TimeProfile::Add(LocalTime at) {
  for (float& count : hours_) count *= kKeep;
  for (float& count : weekdays_) count *= kKeep;
  hours_[at.hour] += 1;
  weekdays_[at.weekday] += 1;
  total_ = total_ * kKeep + 1;
}

double TimeProfile::HourLift(LocalTime at) const {
  const double count = 0.5 * hours_[at.hour] +
                       0.25 * hours_[(at.hour + 1) % 24] +
                       0.25 * hours_[(at.hour + 23) % 24];
  return (count + kPrior) / (total_ / 24 + kPrior);
}

double TimeProfile::WeekdayLift(LocalTime at) const {
  return (weekdays_[at.weekday] + kPrior) / (total_ / 7 + kPrior);
}

double TimeProfile::Lift(LocalTime at) const {
  return std::clamp(HourLift(at) * WeekdayLift(at), 1 / kMaxLift, kMaxLift);
}

void TimeProfile::Restore(const std::array<double, 24>& hours,
                          const std::array<double, 7>& weekdays) {
  total_ = 0;
  for (size_t i = 0; i < hours_.size(); ++i) {
    hours_[i] = Clean(hours[i]);
    total_ += hours_[i];
  }
  for (size_t i = 0; i < weekdays_.size(); ++i) {
    weekdays_[i] = Clean(weekdays[i]);
  }
}

}  // namespace warmup::predict
