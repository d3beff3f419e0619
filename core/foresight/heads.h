#ifndef WARMUP_CORE_FORESIGHT_HEADS_H_
#define WARMUP_CORE_FORESIGHT_HEADS_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "core/base/fast_math.h"
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
// The same, filled up to whole vectors: what is beyond kHeads means nothing.
inline constexpr size_t kLanes = 8;
using Lanes = std::array<float, kLanes>;

// How far a head looks; zero: it counts requests, not time.
inline constexpr std::array<shadow::Micros, kHeads> kHorizon = {
    0, 0, 300'000'000LL, 3'600'000'000LL, 21'600'000'000LL, 86'400'000'000LL};
inline constexpr std::array<int, kHeads> kHorizonRequests = {1, 8, 0, 0, 0, 0};
// What people call them.
inline constexpr std::array<std::string_view, kHeads> kHeadNames = {
    "next", "next8", "5min", "1h", "6h", "24h"};

// A case of weight `weight` came out as `outcome` (0 or 1).
struct Lesson {
  float outcome = 0;
  float weight = 1;
};

// Log-odds of a probability, and back. The first holds only for what is not
// kSurest or surer, the second for what the first returns.
inline constexpr float kSurest = 5e-4F;
inline float StretchInside(float p) {
  constexpr float kLn2 = 0.693147181F;
  return kLn2 * FastLog2(p / (1 - p));
}
inline float SquashInside(float log_odds) {
  constexpr float kLog2E = 1.442695041F;
  return 1 / (1 + FastExp2(-kLog2E * log_odds));
}
// Of any.
inline float Stretch(float p) {
  return StretchInside(std::clamp(p, kSurest, 1 - kSurest));
}
inline float Squash(float log_odds) {
  return SquashInside(std::clamp(log_odds, -60.0F, 60.0F));
}

}  // namespace warmup::foresight

#endif  // WARMUP_CORE_FORESIGHT_HEADS_H_
