#ifndef WARMUP_CLIENTS_CLI_REPLAY_EXPERIMENT_H_
#define WARMUP_CLIENTS_CLI_REPLAY_EXPERIMENT_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clients/cli/replay/report.h"
#include "core/replay/budget.h"
#include "core/replay/policies.h"
#include "core/replay/reliability.h"

namespace warmup::cli {

// A recorded trace, and under what to replay it: each budget, with each seed,
// under each policy.
struct Experiment {
  std::string trace_path;
  std::string context_path;  // may be empty
  bool is_per_user = false;
  int slots = 1;
  std::vector<replay::Budget> budgets;
  std::vector<int64_t> seeds = {1};
  std::vector<replay::PolicyType> policies;
};

// Lists with commas, as the command line has them: INVALID_ARGUMENT naming the
// entry that is wrong.
absl::StatusOr<std::vector<replay::Budget>> ParseBudgets(
    const std::string& list);
absl::StatusOr<std::vector<int64_t>> ParseSeeds(const std::string& list);
absl::StatusOr<std::vector<replay::PolicyType>> ParsePolicies(
    const std::string& list);

// A row for each run, in the order of the lists; `on_progress` is told the part
// that is done. The errors are those of reading the files.
absl::StatusOr<std::vector<ReplayRow>> RunExperiment(
    const Experiment& experiment,
    const std::function<void(double ratio)>& on_progress);

// How good the forecasts of its trace were; the same for all that it lists. The
// errors are the same, too.
absl::StatusOr<replay::Reliability> ForecastTrace(const Experiment& experiment);

}  // namespace warmup::cli

#endif  // WARMUP_CLIENTS_CLI_REPLAY_EXPERIMENT_H_
