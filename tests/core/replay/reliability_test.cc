#include "core/replay/reliability.h"

#include "core/foresight/warmup_policy.h"
#include "core/replay/replay.h"
#include "tests/core/replay/small_run.h"
#include "tests/support/catch.h"

namespace warmup::replay {
namespace {

// Three items by turns, every seven minutes, for four days.
std::vector<shadow::Request> Turns() {
  std::vector<shadow::Request> requests;
  for (int i = 0; i < 800; ++i) {
    requests.push_back({7 * kMinute * i, 0, i % 3});
  }
  return requests;
}

TEST_CASE("Reliability: is of the forecasts that the policy warmup makes") {
  const Catalogue catalogue =
      Undisguised({{4, kSecond}, {4, kSecond}, {4, kSecond}});
  const std::vector<shadow::Request> requests = Turns();
  const std::vector<shadow::ContextEvent> context = {
      {.at = 100 * kMinute + 1, .user = 0, .kind = 1},
      {.at = 200 * kMinute, .user = 0, .announced = 2}};
  const Stream stream{requests, context};
  shadow::Machine machine({.budget = 8}, catalogue.costs);
  foresight::WarmupPolicy policy(machine, catalogue.costs);
  machine.set_policy(policy);
  Listen(stream, [&](const auto& seen) { machine.Handle(seen); });

  const Reliability reliability = ForecastAll({stream}, catalogue);
  for (size_t head = 0; head < foresight::kHeads; ++head) {
    const auto& own = policy.foresight().forecaster().quality(
        static_cast<foresight::Head>(head));
    CHECK(reliability[head].cases > 0);
    CHECK(reliability[head].cases == own.cases);
    CHECK(reliability[head].brier == own.brier);
    CHECK(reliability[head].bins[0].outcome == own.bins[0].outcome);
  }
}

TEST_CASE("Reliability: several streams are forecast each by its own") {
  const Catalogue catalogue =
      Undisguised({{4, kSecond}, {4, kSecond}, {4, kSecond}});
  const std::vector<shadow::Request> requests = Turns();
  const Stream stream{requests, {}};
  const Reliability one = ForecastAll({stream}, catalogue);
  const Reliability two = ForecastAll({stream, stream}, catalogue);
  CHECK(two[0].cases == Approx(2 * one[0].cases));
  CHECK(two[0].log_loss == Approx(2 * one[0].log_loss));
  CHECK(two[0].bins[0].forecast == Approx(2 * one[0].bins[0].forecast));
}

}  // namespace
}  // namespace warmup::replay
