#ifndef WARMUP_TESTS_CORE_REPLAY_SMALL_RUN_H_
#define WARMUP_TESTS_CORE_REPLAY_SMALL_RUN_H_

#include <numeric>
#include <string>
#include <vector>

#include "core/replay/replay.h"
#include "tests/support/catch.h"

namespace warmup::replay {

inline constexpr shadow::Micros kSecond = 1'000'000;
inline constexpr shadow::Micros kMinute = 60 * kSecond;

// Everything keeps its number.
inline Catalogue Undisguised(const std::vector<shadow::ItemCost>& costs,
                             size_t users = 1) {
  Catalogue catalogue;
  catalogue.items.resize(costs.size());
  catalogue.users.resize(users);
  std::iota(catalogue.items.begin(), catalogue.items.end(), 0);
  std::iota(catalogue.users.begin(), catalogue.users.end(), 0);
  catalogue.costs = costs;
  return catalogue;
}

inline PolicyType Policy(const std::string& name) {
  absl::StatusOr<PolicyType> type = FindPolicy(name);
  REQUIRE(type.ok());
  return *std::move(type);
}

// One machine of one user, with one slot.
inline Result RunSmall(const std::string& policy, int64_t budget,
                       const std::vector<shadow::ItemCost>& costs,
                       const std::vector<shadow::Request>& requests) {
  return Replay({{requests, {}}}, Undisguised(costs), Policy(policy),
                {.budget = budget}, [](size_t) {});
}

}  // namespace warmup::replay

#endif  // WARMUP_TESTS_CORE_REPLAY_SMALL_RUN_H_
