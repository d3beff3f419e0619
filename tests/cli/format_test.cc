#include "clients/cli/format.h"

#include "tests/support/catch.h"

namespace warmup::cli {
namespace {

TEST_CASE("Format: bytes have at most three digits and a binary unit") {
  CHECK(HumanBytes(0) == "0 B");
  CHECK(HumanBytes(950) == "950 B");
  CHECK(HumanBytes(235.0 * (1 << 20)) == "235 MiB");
  CHECK(HumanBytes(1.5 * (1 << 30)) == "1.5 GiB");
  CHECK(HumanBytes(1023.9 * (1 << 20)) == "1 GiB");
  CHECK(HumanBytes(-1) == "-");
}

TEST_CASE("Format: durations choose the unit that people would") {
  CHECK(HumanDuration(absl::ZeroDuration()) == "0 ms");
  CHECK(HumanDuration(absl::Microseconds(250)) == "0.25 ms");
  CHECK(HumanDuration(absl::Milliseconds(83)) == "83 ms");
  CHECK(HumanDuration(absl::Milliseconds(1240)) == "1.24 s");
  CHECK(HumanDuration(absl::Seconds(185)) == "3 min 5 s");
  CHECK(HumanDuration(absl::Minutes(123)) == "2 h 3 min");
  CHECK(HumanDuration(absl::Hours(97)) == "4 d 1 h");
  CHECK(HumanDuration(absl::InfiniteDuration()) == "-");
}

TEST_CASE("Format: a probability is never rounded to certainty") {
  CHECK(HumanPercent(0) == "0 %");
  CHECK(HumanPercent(0.001) == "< 1 %");
  CHECK(HumanPercent(0.42) == "42 %");
  CHECK(HumanPercent(0.999) == "> 99 %");
  CHECK(HumanPercent(1) == "100 %");
}

TEST_CASE("Format: sizes are read with binary and decimal units") {
  CHECK(*ParseBytes("12") == 12);
  CHECK(*ParseBytes("1.5GiB") == int64_t{3} << 29);
  CHECK(*ParseBytes("300 MB") == 300000000);
  CHECK_FALSE(ParseBytes("").ok());
  CHECK_FALSE(ParseBytes("many").ok());
  CHECK_FALSE(ParseBytes("-1GiB").ok());
  CHECK_FALSE(ParseBytes("99999999999TiB").ok());
}

TEST_CASE("Format: durations are read as Go writes them, or in seconds") {
  CHECK(*ParseDuration("90") == absl::Seconds(90));
  CHECK(*ParseDuration("1h30m") == absl::Minutes(90));
  CHECK(*ParseDuration("250ms") == absl::Milliseconds(250));
  CHECK_FALSE(ParseDuration("-5s").ok());
  CHECK_FALSE(ParseDuration("inf").ok());
  CHECK_FALSE(ParseDuration("soon").ok());
}

TEST_CASE("Format: control characters of others do not reach a terminal") {
  CHECK(Printable("a\033[2Jb\nc\td") == "a?[2Jb c d");
  CHECK(Printable("\xC2\x9B"
                  "2J") == "?2J");
  CHECK(Printable("größer ● ok") == "größer ● ok");
}

TEST_CASE("Format: ages are coarse, and look ahead as well") {
  const absl::Time now = absl::FromUnixSeconds(1000000);
  CHECK(HumanAge(now, now) == "now");
  CHECK(HumanAge(now - absl::Seconds(12), now) == "12 s ago");
  CHECK(HumanAge(now - absl::Minutes(125), now) == "2 h ago");
  CHECK(HumanAge(now - absl::Hours(50), now) == "2 d ago");
  CHECK(HumanAge(now + absl::Seconds(90), now) == "in 1 min");
}

TEST_CASE("Format: counts and pairs read well") {
  CHECK(Plural(1, "model") == "1 model");
  CHECK(Plural(0, "session") == "0 sessions");
  CHECK(Plural(2, "activity") == "2 activities");
  CHECK(HumanPair("held_bytes", "1073741824") == "held=1 GiB");
  CHECK(HumanPair("held_bytes", "many") == "held_bytes=many");
  CHECK(HumanPair("model", "a") == "model=a");
}

TEST_CASE("Format: text is fitted by what a terminal shows of it") {
  CHECK(Fit("abc", 5) == "abc  ");
  CHECK(Fit("abcdef", 4) == "abc…");
  CHECK(DisplayWidth("\033[32m● warm\033[0m") == 6);
  CHECK(DisplayWidth(Fit("\033[32mabcdef\033[0m", 4)) == 4);
  CHECK(Bar(0.5, 4) == "██  ");
  CHECK(DisplayWidth(Bar(0.33, 10)) == 10);
  CHECK(Bar(7, 2) == "██");
}

}  // namespace
}  // namespace warmup::cli
