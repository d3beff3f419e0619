#include "bench/support/stats.h"

#include <time.h>

#include <algorithm>
#include <cmath>

namespace warmup::bench {

double MonotonicSeconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) +
         1e-9 * static_cast<double>(now.tv_nsec);
}

double Percentile(std::vector<double> values, double percent) {
  if (values.empty()) return 0;
  const double rank =
      std::ceil(percent / 100 * static_cast<double>(values.size()));
  const size_t index = static_cast<size_t>(std::max(rank, 1.0)) - 1;
  const auto place = values.begin() + static_cast<std::ptrdiff_t>(
                                          std::min(index, values.size() - 1));
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

double Median(std::vector<double> values) {
  return Percentile(std::move(values), 50);
}

}  // namespace warmup::bench
