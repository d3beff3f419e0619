#ifndef WARMUP_TESTS_CORE_FORESIGHT_RANDOM_USE_H_
#define WARMUP_TESTS_CORE_FORESIGHT_RANDOM_USE_H_

#include <cstdint>
#include <random>
#include <vector>

#include "core/shadow/machine.h"

namespace warmup::foresight {

inline constexpr shadow::Micros kSecond = 1'000'000;

// Items of 1 to 16 units, a load of a unit takes a second.
inline std::vector<shadow::ItemCost> RandomCosts(int count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<shadow::ItemCost> costs;
  for (int i = 0; i < count; ++i) {
    const auto size = static_cast<int64_t>(1 + random() % 16);
    costs.push_back({.size = size, .load = size * kSecond});
  }
  return costs;
}

// A seeded stream of requests by three users: bursts on few items, pauses from
// nothing to days.
inline std::vector<shadow::Request> RandomUse(int count, int items,
                                              uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<shadow::Request> requests;
  shadow::Micros now = 1'790'000'000 * kSecond;
  for (int i = 0; i < count; ++i) {
    const int exponent = static_cast<int>(random() % 18);
    now += static_cast<shadow::Micros>(random() % (uint64_t{1} << exponent)) *
           kSecond;
    const uint64_t a = random() % static_cast<uint64_t>(items);
    const uint64_t b = random() % (a + 1);  // the first ones more often
    requests.push_back({now, static_cast<int32_t>(random() % 3),
                        static_cast<shadow::ItemId>(b)});
  }
  return requests;
}

}  // namespace warmup::foresight

#endif  // WARMUP_TESTS_CORE_FORESIGHT_RANDOM_USE_H_
