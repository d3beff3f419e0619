#include "core/predict/reasons.h"

#include <string>
#include <vector>

#include "core/predict/predictor.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1731931200);  // Monday, noon

TEST_CASE("Explain: an unknown model has no reasons") {
  CHECK(Predictor(absl::UTCTimeZone()).Explain(kStart, {}, "x").empty());
}

TEST_CASE("Explain: tells how often and when a model was used") {
  Predictor predictor(absl::UTCTimeZone());
  absl::Time now = kStart;
  for (int i = 0; i < 14; ++i) {
    now += absl::Seconds(384);  // the middle of [256, 512)
    predictor.Observe(Usage{"chat", "s", "ann", now});
  }
  const auto reasons =
      predictor.Explain(now + absl::Minutes(2), {"s", "ann"}, "chat");
  REQUIRE_FALSE(reasons.empty());
  CHECK(reasons[0] ==
        "used 14 times lately, typically every 6 min; last 2 min ago");
}

TEST_CASE("Explain: tells what a model follows and who announced it") {
  Predictor predictor(absl::UTCTimeZone());
  absl::Time now = kStart;
  for (int i = 0; i < 10; ++i) {
    predictor.Observe(Usage{"edit", "s", "ann", now});
    now += absl::Seconds(30);
    predictor.Observe(Usage{i % 2 == 0 ? "review" : "test", "s", "ann", now});
    now += absl::Seconds(30);
  }
  predictor.Observe(Usage{"edit", "s", "ann", now});
  predictor.Observe(Announcement{"review", "s", "ann", now});
  const auto reasons =
      predictor.Explain(now + absl::Seconds(20), {"s", "ann"}, "review");
  REQUIRE(reasons.size() >= 3);
  CHECK(reasons.size() <= 4);
  CHECK(reasons[0] == "announced by this session 20 s ago");
  CHECK_THAT(reasons[1], Catch::StartsWith("follows edit in "));
}

TEST_CASE("Explain: tells the usual hour and weekday") {
  Predictor predictor(absl::UTCTimeZone());
  for (int week = 0; week < 30; ++week) {
    predictor.Observe(
        Usage{"weekly", "", "ann", kStart + absl::Hours(24 * 7 * week)});
  }
  const auto reasons = predictor.Explain(kStart + absl::Hours(24 * 7 * 30),
                                         {"", "ann"}, "weekly");
  REQUIRE(reasons.size() == 2);
  CHECK(reasons[1] == "often used at this hour and on Mondays");
}

TEST_CASE("Explain: a user who never used a model hears of everybody") {
  Predictor predictor(absl::UTCTimeZone());
  predictor.Observe(Usage{"chat", "", "ann", kStart});
  predictor.Observe(Usage{"edit", "", "bob", kStart + absl::Seconds(1)});
  const auto reasons =
      predictor.Explain(kStart + absl::Seconds(60), {"", "bob"}, "chat");
  REQUIRE(reasons.size() == 1);
  CHECK(reasons[0] == "used once lately; last 60 s ago");
}

}  // namespace
}  // namespace warmup
