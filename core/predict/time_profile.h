#ifndef WARMUP_CORE_PREDICT_TIME_PROFILE_H_
#define WARMUP_CORE_PREDICT_TIME_PROFILE_H_

#include <array>

#include "absl/time/time.h"

namespace warmup::predict {

// A moment as a person would name it.
struct LocalTime {
  int hour = 0;     // 0 to 23
  int weekday = 0;  // 0 Monday to 6 Sunday
};
LocalTime ToLocal(absl::TimeZone zone, absl::Time at);

// At which hours and on which weekdays something happens: decayed counts, a
// use weighs (1 - 1/256)^(number of later uses).
class TimeProfile {
 public:
  static constexpr double kMaxLift = 4;

  void Add(LocalTime at);

  // How much likelier than on average it happens at this hour and weekday:
  //   lift = product over (hour, weekday) of (c + k) / (n / classes + k),
  // k pseudo-counts pulling it to 1, hours smoothed with their neighbours
  // (1/4, 1/2, 1/4), the product kept in [1 / kMaxLift, kMaxLift].
  double Lift(LocalTime at) const;
  double HourLift(LocalTime at) const;
  double WeekdayLift(LocalTime at) const;

  const std::array<float, 24>& hours() const { return hours_; }
  const std::array<float, 7>& weekdays() const { return weekdays_; }
  void Restore(const std::array<double, 24>& hours,
               const std::array<double, 7>& weekdays);

 private:
  std::array<float, 24> hours_{};
  std::array<float, 7> weekdays_{};
  float total_ = 0;
};

}  // namespace warmup::predict

#endif  // WARMUP_CORE_PREDICT_TIME_PROFILE_H_
