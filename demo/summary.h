#ifndef WARMUP_DEMO_SUMMARY_H_
#define WARMUP_DEMO_SUMMARY_H_

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "clients/cli/terminal.h"

namespace warmup::demo {

// What one run cost, by the daemon's own counts (GetWarmupMetrics).
struct RunFigures {
  std::string name;
  double waited_seconds = 0;
  double warm = 0;
  double late = 0;
  double cold = 0;
  double failed = 0;
  double loads = 0;
  double read_bytes = 0;
  double wasted_bytes = 0;
  // What the daemon's shadows would have waited, on the uses of this run.
  double lru_waited_seconds = 0;
  double ollama_default_waited_seconds = 0;
  // The daemon's Prometheus page: value by series, labels and all.
  std::map<std::string, double> series;
};

// The series of a page in Prometheus' text format; lines that are none are
// passed over.
std::map<std::string, double> ParseMetricsPage(absl::string_view page);

// Whether the pages say what the daemons' own counts say.
bool PagesAgree(const std::vector<RunFigures>& runs);

// The table at the end, what its lines mean, what the daemon's shadows say, and
// whether the Prometheus pages say the same. `runs`: on demand, then
// predicting.
std::string RenderSummary(const std::vector<RunFigures>& runs,
                          const cli::Style& style);

}  // namespace warmup::demo

#endif  // WARMUP_DEMO_SUMMARY_H_
