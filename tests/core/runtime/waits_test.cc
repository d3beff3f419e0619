#include "core/runtime/waits.h"

#include "tests/support/catch.h"

namespace warmup {
namespace {

// Midnight is at 22:00 UTC, or at 23:00 in winter: on 2024-03-31 and
// 2024-10-27 the clocks are set.
absl::TimeZone Berlin() {
  absl::TimeZone zone;
  REQUIRE(absl::LoadTimeZone("Europe/Berlin", &zone));
  return zone;
}

Waits Seconds(int really) {
  return {absl::Seconds(really), absl::Seconds(2 * really),
          absl::Seconds(3 * really)};
}

// As Outlook does it: a second of waiting an hour, all the time.
struct Days {
  void AdvanceTo(absl::Time to) {
    for (const absl::Time midnight : days.MidnightsUntil(to)) {
      days.Advance(midnight, At(midnight));
    }
    days.Advance(to, At(to));
    now = to;
  }
  static Waits At(absl::Time time) {
    const absl::Duration waited = (time - absl::UnixEpoch()) / 3600;
    return {waited, 2 * waited, 3 * waited};
  }
  WaitWindows Windows() const { return days.Windows(At(now)); }

  absl::Time now;
  WaitDays days{Berlin()};
};

absl::Time Local(int day, int hour, int minute = 0) {
  return absl::FromCivil(absl::CivilSecond(2024, 3, day, hour, minute, 0),
                         Berlin());
}

TEST_CASE("WaitDays: nothing was waited before there was anything") {
  const WaitWindows windows = WaitDays(Berlin()).Windows({});
  CHECK(windows.today.really == absl::ZeroDuration());
  CHECK(windows.since_start.lru == absl::ZeroDuration());
}

TEST_CASE("WaitDays: days begin at midnight where people are") {
  Days days;
  days.AdvanceTo(Local(1, 20));
  CHECK(days.Windows().today.really == absl::ZeroDuration());
  days.AdvanceTo(Local(1, 23, 30));
  CHECK(days.Windows().today.really == absl::Seconds(3.5));
  CHECK(days.Windows().today.lru == absl::Seconds(7));
  // Heard of only half an hour after midnight: that half hour is today's.
  days.AdvanceTo(Local(2, 0, 30));
  CHECK(days.Windows().today.really == absl::Seconds(0.5));
  CHECK(days.Windows().today.ollama_default == absl::Seconds(1.5));
  CHECK(days.Windows().last_7_days.really == absl::Seconds(4.5));
  CHECK(days.Windows().since_start.really == absl::Seconds(4.5));
}

TEST_CASE("WaitDays: a week is seven days, however often anybody looks") {
  const auto step = GENERATE(absl::Minutes(50), absl::Hours(24 * 30));
  Days days;
  const absl::Time start = Local(1, 20);
  const absl::Time end = Local(31, 12);
  for (absl::Time now = start; now < end; now += step) days.AdvanceTo(now);
  days.AdvanceTo(end);
  // The day on which summer time begins has lost an hour.
  CHECK(days.Windows().today.really == absl::Seconds(11));
  CHECK(days.Windows().last_7_days.really == absl::Seconds(6 * 24 + 11));
  CHECK(days.Windows().since_start.really == (end - start) / 3600);
}

TEST_CASE("WaitDays: a day that a clock goes back to goes on") {
  WaitDays days{Berlin()};
  days.Advance(Local(5, 12), Seconds(0));
  days.Advance(Local(6, 0), Seconds(10));
  days.Advance(Local(6, 1), Seconds(11));
  days.Advance(Local(5, 23), Seconds(12));
  CHECK(days.Windows(Seconds(12)).today.really == absl::Seconds(12));
  days.Advance(Local(6, 0), Seconds(20));
  CHECK(days.Windows(Seconds(21)).today.really == absl::Seconds(1));
  // To before it was known of.
  days.Advance(Local(1, 0), Seconds(22));
  CHECK(days.Windows(Seconds(22)).today.really == absl::Seconds(22));
  CHECK(days.Windows(Seconds(22)).since_start.really == absl::Seconds(22));
}

TEST_CASE("WaitDays: a clock set ahead by decades costs seven days") {
  WaitDays days{Berlin()};
  days.Advance(absl::UnixEpoch(), Seconds(0));
  CHECK(days.MidnightsUntil(Local(5, 12)).size() == 7);
  CHECK(days.MidnightsUntil(absl::UnixEpoch()).empty());
}

}  // namespace
}  // namespace warmup
