#include "bench/support/stats.h"

#include <time.h>

#include <algorithm>
#include <cmath>

namespace warmup::bench {
namespace {

double SecondsOf(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) +
         1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace

double MonotonicSeconds() { return SecondsOf(CLOCK_MONOTONIC); }

double ThreadCpuSeconds() { return SecondsOf(CLOCK_THREAD_CPUTIME_ID); }

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
