#ifndef WARMUP_BENCH_SUPPORT_STATS_H_
#define WARMUP_BENCH_SUPPORT_STATS_H_

#include <vector>

namespace warmup::bench {

// Seconds on a clock that only goes forward.
double MonotonicSeconds();
// Processor time of this thread: what others do to the machine is left out,
// mostly.
double ThreadCpuSeconds();

// By nearest rank; `percent` 100 is the greatest. Of nothing: 0.
double Percentile(std::vector<double> values, double percent);
double Median(std::vector<double> values);

}  // namespace warmup::bench

#endif  // WARMUP_BENCH_SUPPORT_STATS_H_
