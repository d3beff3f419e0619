#ifndef WARMUP_CLIENTS_CLI_REPLAY_CHART_H_
#define WARMUP_CLIENTS_CLI_REPLAY_CHART_H_

#include <string>
#include <vector>

#include "clients/cli/replay/report.h"

namespace warmup::cli {

// An SVG file: stall against the memory held on average, a point for each
// policy and budget (the mean of the seeds); a policy's points are joined.
// At least one row.
std::string ReplayChart(const std::vector<ReplayRow>& rows);

}  // namespace warmup::cli

#endif  // WARMUP_CLIENTS_CLI_REPLAY_CHART_H_
