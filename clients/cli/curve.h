#ifndef WARMUP_CLIENTS_CLI_CURVE_H_
#define WARMUP_CLIENTS_CLI_CURVE_H_

#include <string>
#include <vector>

#include "clients/cli/terminal.h"

namespace warmup::cli {

// A point of a curve from 0 to 1 over 0 to 1.
struct CurvePoint {
  double x = 0;
  double y = 0;
  bool is_weak = false;  // little speaks for it: drawn hollow
};

// The points above a scale in percent, with the diagonal that they should lie
// on behind them: lines ending in \n, at most 50 cells wide. What lies outside
// is drawn at the edge.
std::string DrawCurve(const std::vector<CurvePoint>& points,
                      const Style& style);

}  // namespace warmup::cli

#endif  // WARMUP_CLIENTS_CLI_CURVE_H_
