#ifndef WARMUP_CORE_BASE_FAST_MATH_H_
#define WARMUP_CORE_BASE_FAST_MATH_H_

#include <bit>
#include <cstdint>

namespace warmup {

// Logarithm and exponential to base 2 of floats, to about six digits: without
// branches, so that loops over them become vector code, and the same on every
// machine, which the C library's are not.

// Of a positive number that is no denormal.
inline float FastLog2(float x) {
  // x = 2^exponent * mantissa, the mantissa in [sqrt(1/2), sqrt(2)).
  constexpr int32_t kRootHalf = 0x3F3504F3;
  const int32_t bits = std::bit_cast<int32_t>(x) - kRootHalf;
  const int32_t exponent = bits >> 23;
  const auto mantissa = std::bit_cast<float>((bits & 0x007FFFFF) + kRootHalf);
  // log(m) = 2 atanh((m - 1) / (m + 1)), as a series.
  const float s = (mantissa - 1) / (mantissa + 1);
  const float q = s * s;
  const float series = 1 + q * (1 / 3.0F + q * (1 / 5.0F + q * (1 / 7.0F)));
  constexpr float kTwoOverLn2 = 2.885390082F;
  return static_cast<float>(exponent) + kTwoOverLn2 * s * series;
}

// Of a number in [-126, 126].
inline float FastExp2(float x) {
  const int32_t whole = static_cast<int32_t>(x + 128.5F) - 128;
  const float rest = (x - static_cast<float>(whole)) * 0.693147181F;
  const float series =
      1 + rest * (1 + rest * (0.5F + rest * (1 / 6.0F +
                                             rest * (1 / 24.0F +
                                                     rest * (1 / 120.0F)))));
  return series * std::bit_cast<float>((whole + 127) << 23);
}

}  // namespace warmup

#endif  // WARMUP_CORE_BASE_FAST_MATH_H_
