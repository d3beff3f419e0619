#ifndef WARMUP_TESTS_CLI_REPLAY_SOME_ROWS_H_
#define WARMUP_TESTS_CLI_REPLAY_SOME_ROWS_H_

#include <string>
#include <vector>

#include "clients/cli/replay/report.h"

namespace warmup::cli {

// 20 requests of which 4 could not be served; a GiB loaded, 512 MiB of it on a
// guess; 2 GiB held for an hour.
inline ReplayRow SomeRow() {
  ReplayRow row;
  row.trace = "use";
  row.budget = "f0.5";
  row.budget_mib = 4'096;
  row.seed = 1;
  row.policy = "lru";
  row.us_per_call = 0.25;
  row.result.span = int64_t{3'600} * 1'000'000;
  row.result.stall_p95 = 1'500'000;
  row.result.stall_p99 = 2'345'678;
  shadow::Tally& tally = row.result.tally;
  tally.requests = 16;
  tally.unserved = 4;
  tally.cold = 3;
  tally.late = 1;
  tally.stall = 6'400'000;
  tally.blocked = 5'000'000;
  tally.loads = 5;
  tally.cancels = 1;
  tally.loaded = 1'024;
  tally.guessed = 512;
  tally.wasted = 256;
  tally.idle = 1'024.0 * 3'600e6 * 7;
  tally.occupied = 2'048.0 * 3'600e6;
  return row;
}

}  // namespace warmup::cli

#endif  // WARMUP_TESTS_CLI_REPLAY_SOME_ROWS_H_
