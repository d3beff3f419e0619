#ifndef WARMUP_CORE_FORESIGHT_HEADS_H_
#define WARMUP_CORE_FORESIGHT_HEADS_H_

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "core/shadow/machine.h"

namespace warmup::foresight {

// What is forecast of an item: that it is requested
enum Head : size_t {
  kNext,         // by the next request of all
  kNextEight,    // by one of the next eight
  kFiveMinutes,  // within 300 s
  kHour,
  kSixHours,
  kDay,
};
inline constexpr size_t kHeads = 6;

using PerHead = std::array<float, kHeads>;

// How far a head looks; zero: it counts requests, not time.
inline constexpr std::array<shadow::Micros, kHeads> kHorizon = {
    0, 0, 300'000'000LL, 3'600'000'000LL, 21'600'000'000LL, 86'400'000'000LL};
inline constexpr std::array<int, kHeads> kHorizonRequests = {1, 8, 0, 0, 0, 0};

// Log-odds of a probability, and back.
inline float Stretch(float p) {
  p = std::clamp(p, 5e-4F, 1 - 5e-4F);
  return std::log(p / (1 - p));
}
inline float Squash(float log_odds) { return 1 / (1 + std::exp(-log_odds)); }

}  // namespace warmup::foresight

#endif  // WARMUP_CORE_FORESIGHT_HEADS_H_
