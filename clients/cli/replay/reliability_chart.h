#ifndef WARMUP_CLIENTS_CLI_REPLAY_RELIABILITY_CHART_H_
#define WARMUP_CLIENTS_CLI_REPLAY_RELIABILITY_CHART_H_

#include <string>

#include "core/replay/reliability.h"

namespace warmup::cli {

// An SVG file: of each horizon, how often what was forecast came true, a dot
// for each class of probability, larger the more cases it has; best on the
// diagonal.
std::string ReliabilityChart(const std::string& title,
                             const replay::Reliability& reliability);

}  // namespace warmup::cli

#endif  // WARMUP_CLIENTS_CLI_REPLAY_RELIABILITY_CHART_H_
