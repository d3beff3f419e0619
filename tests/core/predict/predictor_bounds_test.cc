#include <string>

#include "core/base/limits.h"
#include "core/predict/memory.h"
#include "core/predict/predictor.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1731931200);

TEST_CASE("Memory: 25,000 models, 5,000 users and sessions stay in bounds") {
  predict::Memory memory(absl::UTCTimeZone());
  for (int i = 0; i < 25'000; ++i) {
    memory.Observe(
        Usage{"m" + std::to_string(i), "s" + std::to_string(i % 5'000),
              "u" + std::to_string(i % 5'000), kStart + absl::Seconds(i)});
  }
  CHECK(memory.names().size() == limits::kMaxModels);
  CHECK(memory.everybody().uses().size() == limits::kMaxModels);
  CHECK(memory.everybody().successions().lists().size() <= 8192);
  CHECK(memory.Export().scopes.size() == 1 + limits::kMaxPredictorUsers);
  // The least recently active are the forgotten ones.
  CHECK(memory.User("u0") == nullptr);
  CHECK(memory.User("u4999") != nullptr);
  CHECK(memory.Session("s0") == nullptr);
  CHECK(memory.Session("s4999") != nullptr);
}

TEST_CASE("Memory: one user's models are bounded, the recent ones stay") {
  predict::Memory memory(absl::UTCTimeZone());
  for (int i = 0; i < 1'000; ++i) {
    memory.Observe(
        Usage{"m" + std::to_string(i), "s", "u", kStart + absl::Seconds(i)});
  }
  const predict::Scope* user = memory.User("u");
  REQUIRE(user != nullptr);
  CHECK(user->uses().size() == predict::Memory::kUserLimits.max_models);
  CHECK(user->uses().Find(*memory.names().Find("m999")) != nullptr);
  CHECK(memory.Session("s")->uses().size() ==
        predict::Memory::kSessionLimits.max_models);
}

TEST_CASE("Predictor: 10,000 known models give at most 64 forecasts") {
  Predictor predictor(absl::UTCTimeZone());
  for (int i = 0; i < 10'000; ++i) {
    predictor.Observe(
        Usage{"m" + std::to_string(i), "", "u", kStart + absl::Seconds(i)});
  }
  const absl::Time now = kStart + absl::Seconds(10'000);
  CHECK(predictor.Predict(now, {"", "u"}, 10'000).size() ==
        limits::kMaxCandidates);
  CHECK(predictor.Predict(now, {"", "u"}, 16).size() == 16);
}

TEST_CASE("Predictor: an announcement counts among 10,000 known models") {
  Predictor predictor(absl::UTCTimeZone());
  for (int i = 0; i < 10'000; ++i) {
    predictor.Observe(Usage{"m" + std::to_string(i), "", "u",
                            kStart + absl::Seconds(10 * i)});
  }
  const absl::Time now = kStart + absl::Seconds(100'000);
  predictor.Observe(Announcement{"m17", "s", "u", now});
  CHECK(predictor.Predict(now, {"s", "u"}, 1)[0].model == "m17");
}

TEST_CASE("Memory: weights survive a very long life") {
  predict::Memory memory(absl::UTCTimeZone());
  for (int i = 0; i < 30'000; ++i) {
    memory.Observe(
        Usage{i % 2 == 0 ? "a" : "b", "", "u", kStart + absl::Seconds(i)});
  }
  const predict::Scope& all = memory.everybody();
  const double a = all.Weight(*all.uses().Find(*memory.names().Find("a")));
  const double b = all.Weight(*all.uses().Find(*memory.names().Find("b")));
  CHECK(a == Approx(b).epsilon(0.01));
  CHECK(a + b == Approx(500).epsilon(0.01));
  CHECK(all.total_weight() == Approx(a + b));
}

}  // namespace
}  // namespace warmup
