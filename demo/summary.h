#ifndef WARMUP_DEMO_SUMMARY_H_
#define WARMUP_DEMO_SUMMARY_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "clients/cli/terminal.h"

namespace warmup::demo {

// What one run cost, by the daemon's own counts (GetWarmupMetrics).
struct RunFigures {
  std::string name;
  double waited_seconds = 0;
  double warm = 0;
  double late = 0;
  double cold = 0;
  double loads = 0;
  double read_bytes = 0;
  double wasted_bytes = 0;
  // The same as Prometheus sees it: lines of the metrics page.
  std::vector<std::string> metrics;
};

// The table at the end, with what it means in words. `runs`: on demand, then
// predicting.
std::string RenderSummary(const std::vector<RunFigures>& runs,
                          const cli::Style& style);

}  // namespace warmup::demo

#endif  // WARMUP_DEMO_SUMMARY_H_
