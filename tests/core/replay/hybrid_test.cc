#include "core/replay/hybrid.h"

#include "tests/core/replay/small_run.h"
#include "tests/support/catch.h"

namespace warmup::replay {
namespace {

// Every ten minutes: after six requests it is known.
std::vector<shadow::Request> Habit(int count) {
  std::vector<shadow::Request> requests;
  for (int i = 0; i < count; ++i) {
    requests.push_back({10 * kMinute * i, 0, 0});
  }
  return requests;
}

TEST_CASE("Hybrid: a habit's gap is spent without the item, its end with it") {
  const Result result = RunSmall("hybrid", 8, {{4, kSecond}}, Habit(7));
  CHECK(result.tally.cold == 1);
  CHECK(result.tally.late == 0);
  CHECK(result.tally.loads == 2);  // the second at 59 min, for 60 min
  CHECK(result.tally.guessed == 4);
  CHECK(result.tally.wasted == 0);
  CHECK(result.tally.occupied ==
        4.0 * static_cast<double>(50 * kMinute + kMinute));
}

TEST_CASE(
    "Hybrid: what is not asked for after all goes when its time is over") {
  std::vector<shadow::Request> requests = Habit(7);
  requests.push_back({200 * kMinute, 0, 0});
  const Result result = RunSmall("hybrid", 8, {{4, kSecond}}, requests);
  CHECK(result.tally.cold == 2);
  CHECK(result.tally.loads == 4);
  CHECK(result.tally.wasted == 4);
  // From 69 to 73 min in vain.
  CHECK(result.tally.occupied ==
        4.0 * static_cast<double>((50 + 1 + 4) * kMinute + kSecond));
}

TEST_CASE("Hybrid: a guess drives out what was used longest ago") {
  std::vector<shadow::Request> requests = Habit(6);
  requests.push_back({55 * kMinute, 0, 1});
  requests.push_back({60 * kMinute, 0, 0});
  requests.push_back({61 * kMinute, 0, 1});
  // Only one of them fits, and 0 is expected at 60 min.
  const Result result =
      RunSmall("hybrid", 4, {{4, kSecond}, {4, kSecond}}, requests);
  CHECK(result.tally.cold == 3);  // 0 at first, and 1 twice
}

}  // namespace
}  // namespace warmup::replay
