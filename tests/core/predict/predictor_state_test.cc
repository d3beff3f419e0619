#include "core/predict/predictor_state.h"

#include <limits>
#include <random>
#include <string>

#include "core/base/limits.h"
#include "core/predict/predictor.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1731931200);

Predictor Experienced(absl::Time* now) {
  Predictor predictor(absl::UTCTimeZone());
  std::mt19937_64 random(7);
  *now = kStart;
  for (int i = 0; i < 2'000; ++i) {
    *now += absl::Microseconds(random() % 200'000'000);
    const std::string user = "u" + std::to_string(random() % 5);
    const ModelId model = "m" + std::to_string(random() % (3 + random() % 20));
    if (random() % 5 == 0) {
      predictor.Observe(Announcement{model, "", user, *now});
    } else {
      predictor.Observe(Usage{model, "", user, *now});
    }
  }
  return predictor;
}

void CheckEqual(const LearnedScope& a, const LearnedScope& b) {
  CHECK(a.user == b.user);
  CHECK(a.last_models == b.last_models);
  CHECK(a.arrival_counts == b.arrival_counts);
  REQUIRE(a.uses.size() == b.uses.size());
  for (size_t i = 0; i < a.uses.size(); ++i) {
    CHECK(a.uses[i].model == b.uses[i].model);
    CHECK(a.uses[i].count == b.uses[i].count);
    CHECK(a.uses[i].last_used == b.uses[i].last_used);
    CHECK(a.uses[i].gap_counts == b.uses[i].gap_counts);
    CHECK(a.uses[i].hour_counts == b.uses[i].hour_counts);
    CHECK(a.uses[i].weekday_counts == b.uses[i].weekday_counts);
  }
  REQUIRE(a.successions.size() == b.successions.size());
  for (size_t i = 0; i < a.successions.size(); ++i) {
    CHECK(a.successions[i].before_previous == b.successions[i].before_previous);
    CHECK(a.successions[i].previous == b.successions[i].previous);
    CHECK(a.successions[i].next == b.successions[i].next);
    CHECK(a.successions[i].count == b.successions[i].count);
  }
  REQUIRE(a.announcements.size() == b.announcements.size());
  for (size_t i = 0; i < a.announcements.size(); ++i) {
    CHECK(a.announcements[i].model == b.announcements[i].model);
    CHECK(a.announcements[i].announced == b.announcements[i].announced);
    CHECK(a.announcements[i].used == b.announcements[i].used);
  }
}

void CheckEqual(const LearnedHabits& a, const LearnedHabits& b) {
  CHECK(a.reuse_counts == b.reuse_counts);
  CHECK(a.arrival_counts == b.arrival_counts);
}

TEST_CASE("Predictor: what it learned survives export and import") {
  absl::Time now;
  const Predictor before = Experienced(&now);
  const PredictorState state = before.Export();
  Predictor after(absl::UTCTimeZone());
  after.Observe(Usage{"replaced", "", "u1", now});
  after.Import(state);
  const PredictorState again = after.Export();
  REQUIRE(state.scopes.size() == 6);
  REQUIRE(again.scopes.size() == state.scopes.size());
  for (size_t i = 0; i < state.scopes.size(); ++i) {
    CheckEqual(state.scopes[i], again.scopes[i]);
  }
  CheckEqual(state.user_habits, again.user_habits);
  CheckEqual(state.everybody_habits, again.everybody_habits);
  CHECK(state.follow_count > 0);
  CHECK(again.follow_count == state.follow_count);
  CHECK(again.repeat_count == state.repeat_count);
}

TEST_CASE("Predictor: forecasts after a restart are as before it") {
  absl::Time now;
  const Predictor before = Experienced(&now);
  Predictor after(absl::UTCTimeZone());
  after.Import(before.Export());
  // Past the announcements, which are not kept.
  now += absl::Minutes(11);
  for (const ForecastContext& context :
       {ForecastContext{"", "u1"}, ForecastContext{}}) {
    const auto a = before.Predict(now, context, 8);
    const auto b = after.Predict(now, context, 64);
    REQUIRE(a.size() == 8);
    for (const Forecast& forecast : a) {
      const auto same = std::find_if(
          b.begin(), b.end(),
          [&](const Forecast& other) { return other.model == forecast.model; });
      REQUIRE(same != b.end());
      CHECK(same->p_5min == Approx(forecast.p_5min).margin(0.05));
      CHECK(same->p_1h == Approx(forecast.p_1h).margin(0.08));
    }
  }
}

TEST_CASE("Predictor: a damaged state is taken as far as it makes sense") {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  PredictorState state;
  LearnedScope scope;
  LearnedUse bad;
  bad.model = "bad";
  bad.count = kNan;
  bad.last_used = kStart;
  bad.gap_counts.fill(-1);
  bad.hour_counts.fill(std::numeric_limits<double>::infinity());
  bad.weekday_counts.fill(kNan);
  LearnedUse timeless = bad;
  timeless.model = "timeless";
  timeless.last_used = absl::InfiniteFuture();
  LearnedUse nameless = bad;
  nameless.model = "";
  scope.uses = {bad, bad, timeless, nameless};
  scope.successions = {
      {"", "bad", "bad", kNan}, {"", "", "bad", 3}, {"bad", "bad", "bad", -1}};
  scope.announcements = {{"bad", 1, 50}, {"", kNan, kNan}};
  scope.last_models = {"bad", "with white space", "bad"};
  scope.arrival_counts.fill(kNan);
  state.scopes = {scope, scope};
  state.user_habits.reuse_counts.fill(kNan);
  state.everybody_habits.arrival_counts.fill(-1);
  state.follow_count = kNan;
  state.repeat_count = 7;
  state.scopes[1].user = "u";
  Predictor predictor(absl::UTCTimeZone());
  predictor.Import(state);
  const auto forecasts =
      predictor.Predict(kStart + absl::Seconds(5), {"", "u"}, 64);
  REQUIRE(forecasts.size() == 1);
  CHECK(forecasts[0].model == "bad");
  CHECK(forecasts[0].p_1min >= 0);
  CHECK(forecasts[0].p_1min <= forecasts[0].p_5min);
  CHECK(forecasts[0].p_5min <= forecasts[0].p_1h);
  CHECK(forecasts[0].p_1h <= 1);
  const PredictorState clean = predictor.Export();
  CHECK(clean.scopes[0].successions.empty());
  CHECK(clean.scopes[0].announcements[0].used == 1);
}

TEST_CASE("Predictor: import keeps the bounds") {
  PredictorState state;
  for (size_t i = 0; i < limits::kMaxPredictorUsers + 50; ++i) {
    LearnedScope scope;
    scope.user = "u" + std::to_string(i);
    for (int m = 0; m < 70; ++m) {
      LearnedUse use;
      use.model = "m" + std::to_string(i * 70 + m);
      use.last_used = kStart;
      use.count = 1;
      scope.uses.push_back(use);
    }
    state.scopes.push_back(scope);
  }
  Predictor predictor(absl::UTCTimeZone());
  predictor.Import(state);
  const PredictorState kept = predictor.Export();
  CHECK(kept.scopes.size() == 1 + limits::kMaxPredictorUsers);
  for (const LearnedScope& scope : kept.scopes) {
    CHECK(scope.uses.size() <= limits::kMaxCandidates);
  }
}

}  // namespace
}  // namespace warmup
