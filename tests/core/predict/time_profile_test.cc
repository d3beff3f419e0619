#include "core/predict/time_profile.h"

#include <limits>

#include "tests/support/catch.h"

namespace warmup::predict {
namespace {

TEST_CASE("ToLocal: tells hour and weekday in the given zone") {
  const absl::Time monday_noon = absl::FromUnixSeconds(1731931200);
  const LocalTime utc = ToLocal(absl::UTCTimeZone(), monday_noon);
  CHECK(utc.hour == 12);
  CHECK(utc.weekday == 0);
  const LocalTime east = ToLocal(absl::FixedTimeZone(13 * 3600), monday_noon);
  CHECK(east.hour == 1);
  CHECK(east.weekday == 1);
}

TEST_CASE("TimeProfile: no use, no opinion") {
  CHECK(TimeProfile().Lift({9, 1}) == Approx(1));
}

TEST_CASE("TimeProfile: lifts the usual hour and lowers the unusual one") {
  TimeProfile profile;
  for (int i = 0; i < 50; ++i) profile.Add({9, i % 5});
  CHECK(profile.HourLift({9, 0}) > 3);
  CHECK(profile.HourLift({10, 0}) > 1);  // a neighbour profits
  CHECK(profile.HourLift({20, 0}) < 0.8);
  CHECK(profile.WeekdayLift({9, 6}) < 0.5);
  CHECK(profile.Lift({9, 0}) <= TimeProfile::kMaxLift);
  CHECK(profile.Lift({20, 6}) >= 1 / TimeProfile::kMaxLift);
}

TEST_CASE("TimeProfile: one use proves little") {
  TimeProfile profile;
  profile.Add({9, 1});
  CHECK(profile.Lift({9, 1}) < 1.5);
}

TEST_CASE("TimeProfile: restores what it was, without damaged counts") {
  TimeProfile profile;
  std::array<double, 24> hours{};
  std::array<double, 7> weekdays{};
  hours[3] = std::numeric_limits<double>::quiet_NaN();
  hours[4] = -1;
  hours[5] = 12.5;
  weekdays[2] = 12.5;
  profile.Restore(hours, weekdays);
  CHECK(profile.hours()[3] == 0);
  CHECK(profile.hours()[4] == 0);
  CHECK(profile.hours()[5] == 12.5f);
  CHECK(profile.Lift({5, 2}) > 1);
}

}  // namespace
}  // namespace warmup::predict
