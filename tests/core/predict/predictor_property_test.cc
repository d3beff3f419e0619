#include <array>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "core/predict/predictor.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1731931200);

// Facts as no sane client would send them.
void ObserveAnything(std::mt19937_64& random, absl::Time* now,
                     Predictor* predictor) {
  const ModelId model = "m" + std::to_string(random() % 40);
  const std::string user =
      random() % 4 == 0 ? "" : "u" + std::to_string(random() % 6);
  const SessionId session =
      random() % 3 == 0 ? "" : "s" + std::to_string(random() % 8);
  *now += absl::Seconds(static_cast<int64_t>(
      std::exp(static_cast<double>(random() % 1000) / 1000 * 12) - 1));
  const absl::Time at =
      random() % 5 == 0 ? *now - absl::Seconds(random() % 4000) : *now;
  switch (random() % 12) {
    case 0:
      predictor->Observe(Announcement{model, session, user, at});
      return;
    case 1:
      predictor->Observe(Activity{"typing", session, user, at});
      return;
    case 2:
      if (random() % 8 == 0) predictor->ForgetModel(model);
      if (random() % 8 == 0) predictor->ForgetSession(session);
      return;
    default:
      predictor->Observe(Usage{model, session, user, at});
  }
}

TEST_CASE("Predictor: horizons are monotone, whatever the facts") {
  size_t seen = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 random(seed);
    Predictor predictor(absl::UTCTimeZone());
    absl::Time now = kStart;
    for (int i = 0; i < 400; ++i) {
      ObserveAnything(random, &now, &predictor);
      const ForecastContext context = {"s" + std::to_string(random() % 9),
                                       "u" + std::to_string(random() % 7)};
      const auto forecasts =
          predictor.Predict(now + absl::Seconds(random() % 5000), context, 64);
      for (size_t k = 0; k < forecasts.size(); ++k) {
        const Forecast& f = forecasts[k];
        ++seen;
        const bool is_sound = f.p_1min >= 0 && f.p_1min <= f.p_5min &&
                              f.p_5min <= f.p_1h && f.p_1h <= 1 &&
                              f.expected_until_use >= absl::ZeroDuration() &&
                              (k == 0 || forecasts[k - 1].p_5min >= f.p_5min);
        if (!is_sound) {
          FAIL("seed " << seed << ", fact " << i << ", " << f.model << ": "
                       << f.p_1min << " " << f.p_5min << " " << f.p_1h);
        }
      }
    }
  }
  CHECK(seen > 10'000);
}

TEST_CASE("Predictor: the same facts give the same forecasts") {
  std::array<std::vector<Forecast>, 2> runs;
  for (auto& run : runs) {
    std::mt19937_64 random(3);
    Predictor predictor(absl::UTCTimeZone());
    absl::Time now = kStart;
    for (int i = 0; i < 2000; ++i) ObserveAnything(random, &now, &predictor);
    run = predictor.Predict(now, {"s1", "u1"}, 64);
  }
  REQUIRE(runs[0].size() == runs[1].size());
  for (size_t i = 0; i < runs[0].size(); ++i) {
    CHECK(runs[0][i].model == runs[1][i].model);
    CHECK(runs[0][i].p_5min == runs[1][i].p_5min);
  }
}

// A synthetic developer: works on one of three models for a geometric number
// of requests with exponential gaps, then switches by a Markov chain.
TEST_CASE("Predictor: says 30 % of what happens in about 30 % of cases") {
  std::mt19937_64 random(11);
  std::exponential_distribution<double> gap(1.0 / 120);
  const std::array<std::array<double, 3>, 3> moves = {
      {{0.8, 0.15, 0.05}, {0.3, 0.6, 0.1}, {0.5, 0.1, 0.4}}};
  struct Step {
    double at;
    int model;
  };
  std::vector<Step> steps;
  double at = 0;
  int model = 0;
  for (int i = 0; i < 4000; ++i) {
    at += gap(random);
    std::discrete_distribution<int> move(moves[model].begin(),
                                         moves[model].end());
    model = move(random);
    steps.push_back({at, model});
  }
  Predictor predictor(absl::UTCTimeZone());
  std::array<double, 5> said{}, happened{}, cases{};
  for (size_t i = 0; i + 100 < steps.size(); ++i) {
    const absl::Time now = kStart + absl::Seconds(steps[i].at);
    predictor.Observe(
        Usage{"m" + std::to_string(steps[i].model), "s", "u", now});
    if (i < 200) continue;
    for (const Forecast& f : predictor.Predict(now, {"s", "u"}, 3)) {
      bool is_used = false;
      for (size_t j = i + 1;
           j < steps.size() && steps[j].at <= steps[i].at + 300; ++j) {
        is_used |= f.model == "m" + std::to_string(steps[j].model);
      }
      const size_t bin = std::min<size_t>(4, f.p_5min * 5);
      said[bin] += f.p_5min;
      happened[bin] += is_used ? 1 : 0;
      cases[bin] += 1;
    }
  }
  int checked = 0;
  for (size_t bin = 0; bin < 5; ++bin) {
    if (cases[bin] < 200) continue;
    ++checked;
    INFO("bin " << bin << ", " << cases[bin] << " cases");
    CHECK(said[bin] / cases[bin] ==
          Approx(happened[bin] / cases[bin]).margin(0.12));
  }
  CHECK(checked >= 4);
}

}  // namespace
}  // namespace warmup
