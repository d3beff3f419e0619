#ifndef WARMUP_ADAPTERS_STORE_TIME_COLUMNS_H_
#define WARMUP_ADAPTERS_STORE_TIME_COLUMNS_H_

#include <cstdint>
#include <limits>

#include "absl/time/time.h"

// Times and durations as whole nanoseconds (1677 to 2262). The least and the
// greatest number stand for what is infinite.
namespace warmup {

inline constexpr int64_t kInfiniteColumn = std::numeric_limits<int64_t>::max();
inline constexpr int64_t kMinusInfiniteColumn =
    std::numeric_limits<int64_t>::min();

inline int64_t ToColumn(absl::Duration duration) {
  return absl::ToInt64Nanoseconds(duration);  // saturates
}

inline int64_t ToColumn(absl::Time time) {
  return ToColumn(time - absl::UnixEpoch());
}

inline absl::Duration DurationFromColumn(int64_t nanoseconds) {
  if (nanoseconds == kInfiniteColumn) return absl::InfiniteDuration();
  if (nanoseconds == kMinusInfiniteColumn) return -absl::InfiniteDuration();
  return absl::Nanoseconds(nanoseconds);
}

inline absl::Time TimeFromColumn(int64_t unix_nanoseconds) {
  return absl::UnixEpoch() + DurationFromColumn(unix_nanoseconds);
}

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_STORE_TIME_COLUMNS_H_
