#include "clients/cli/replay/experiment.h"

#include <algorithm>
#include <fstream>

#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace warmup::cli {
namespace {

std::string WriteTrace(const TempFolder& folder, const std::string& rows) {
  const std::string path = folder.File("use.csv");
  std::ofstream(path) << "time_s,user,item\n" << rows;
  return path;
}

Experiment Of(const std::string& trace_path) {
  Experiment experiment;
  experiment.trace_path = trace_path;
  experiment.budgets = *ParseBudgets("f0.5,b20000");
  experiment.policies = *ParsePolicies("lru,ttl:600");
  experiment.seeds = *ParseSeeds("1,2");
  return experiment;
}

TEST_CASE("Experiment: a row for each budget, seed and policy, in that order") {
  const TempFolder folder;
  const std::string path = WriteTrace(folder, "1,u,a\n2,v,b\n3,u,a\n");
  std::vector<double> progress;
  const auto rows = RunExperiment(
      Of(path), [&progress](double ratio) { progress.push_back(ratio); });
  REQUIRE(rows.ok());
  REQUIRE(rows->size() == 8);
  CHECK((*rows)[0].budget == "f0.5");
  CHECK((*rows)[1].policy == "ttl10");
  CHECK((*rows)[2].seed == 2);
  CHECK((*rows)[4].budget_mib == 20'000);
  CHECK((*rows)[0].view() == "pool");
  CHECK(std::is_sorted(progress.begin(), progress.end()));
  CHECK(progress.back() == 1);
}

TEST_CASE("Experiment: with a machine for each user each has its own load") {
  const TempFolder folder;
  Experiment experiment = Of(WriteTrace(folder, "1,u,a\n2,v,a\n60,u,a\n"));
  experiment.budgets = *ParseBudgets("b20000");
  experiment.seeds = {1};
  CHECK(RunExperiment(experiment, [](double) {})->front().result.tally.cold ==
        1);
  experiment.is_per_user = true;
  const auto rows = RunExperiment(experiment, [](double) {});
  CHECK(rows->front().result.tally.cold == 2);
  CHECK(rows->front().view() == "user");
}

TEST_CASE("Experiment: files that cannot be read are errors") {
  const TempFolder folder;
  const auto run = [](const Experiment& experiment) {
    return RunExperiment(experiment, [](double) {}).status().code();
  };
  CHECK(run(Of(folder.File("none"))) == absl::StatusCode::kNotFound);
  CHECK(run(Of(WriteTrace(folder, "1,u,a\n0,u,a\n"))) ==
        absl::StatusCode::kInvalidArgument);
  Experiment experiment = Of(WriteTrace(folder, "1,u,a\n"));
  experiment.context_path = folder.File("none");
  CHECK(run(experiment) == absl::StatusCode::kNotFound);
}

TEST_CASE("Experiment: a list names the entry that is wrong") {
  CHECK(ParseSeeds("1,,2").status().message() ==
        "'' is no whole number from 0 on");
  CHECK(ParseSeeds("1,-2").status().message() ==
        "'-2' is no whole number from 0 on");
  CHECK(ParseSeeds("x").status().message() ==
        "'x' is no whole number from 0 on");
  CHECK(ParseBudgets("f0.1,g2").status().message().find("'g2' is no budget") ==
        0);
  CHECK(ParsePolicies("lru,mru").status().message().find("'mru' is none of") ==
        0);
}

}  // namespace
}  // namespace warmup::cli
