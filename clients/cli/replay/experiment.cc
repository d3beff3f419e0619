#include "clients/cli/replay/experiment.h"

#include <chrono>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "adapters/trace/trace_file.h"
#include "core/base/status_macros.h"
#include "core/replay/catalogue.h"
#include "core/replay/stream.h"

namespace warmup::cli {
namespace {

absl::StatusOr<int64_t> ParseSeed(std::string_view text) {
  int64_t seed = 0;
  if (!absl::SimpleAtoi(std::string(text), &seed) || seed < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", std::string(text), "' is no whole number from 0 on"));
  }
  return seed;
}

template <typename Entry>
absl::StatusOr<std::vector<Entry>> ParseList(
    const std::string& list, absl::StatusOr<Entry> (*parse)(std::string_view)) {
  std::vector<Entry> entries;
  for (const std::string& text :
       std::vector<std::string>(absl::StrSplit(list, ','))) {
    WARMUP_ASSIGN_OR_RETURN(Entry entry, parse(text));
    entries.push_back(std::move(entry));
  }
  return entries;
}

absl::StatusOr<replay::Trace> Read(const Experiment& experiment) {
  WARMUP_ASSIGN_OR_RETURN(replay::Trace trace,
                          ReadTrace(experiment.trace_path));
  if (!experiment.context_path.empty()) {
    WARMUP_RETURN_IF_ERROR(ReadContext(experiment.context_path, trace));
  }
  return trace;
}

std::vector<replay::Stream> StreamsOf(const Experiment& experiment,
                                      replay::Trace& trace) {
  return experiment.is_per_user ? replay::SplitByUser(trace)
                                : std::vector{replay::PoolOf(trace)};
}

double MicrosSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::micro>(
             std::chrono::steady_clock::now() - start)
      .count();
}

}  // namespace

absl::StatusOr<std::vector<replay::Budget>> ParseBudgets(
    const std::string& list) {
  return ParseList(list, &replay::ParseBudget);
}

absl::StatusOr<std::vector<int64_t>> ParseSeeds(const std::string& list) {
  return ParseList(list, &ParseSeed);
}

absl::StatusOr<std::vector<replay::PolicyType>> ParsePolicies(
    const std::string& list) {
  return ParseList(list, &replay::FindPolicy);
}

absl::StatusOr<std::vector<ReplayRow>> RunExperiment(
    const Experiment& experiment,
    const std::function<void(double ratio)>& on_progress) {
  WARMUP_ASSIGN_OR_RETURN(replay::Trace trace, Read(experiment));
  const std::vector<replay::Stream> streams = StreamsOf(experiment, trace);
  const size_t runs = experiment.budgets.size() * experiment.seeds.size() *
                      experiment.policies.size();
  const auto all = static_cast<double>(runs * trace.requests.size());
  size_t done = 0;
  const auto add_done = [&](size_t requests) {
    done += requests;
    on_progress(static_cast<double>(done) / all);
  };
  std::vector<ReplayRow> rows;
  for (const replay::Budget& budget : experiment.budgets) {
    for (const int64_t seed : experiment.seeds) {
      const replay::Catalogue catalogue = replay::DrawCatalogue(trace, seed);
      const int64_t mib = replay::MibOf(budget, catalogue);
      for (const replay::PolicyType& policy : experiment.policies) {
        const auto start = std::chrono::steady_clock::now();
        replay::Result result = replay::Replay(
            streams, catalogue, policy,
            {.budget = mib, .slots = experiment.slots}, add_done);
        rows.push_back(
            {trace.name, experiment.is_per_user, budget.text, mib, seed,
             policy.name, policy.sees_future, std::move(result),
             MicrosSince(start) / static_cast<double>(trace.requests.size())});
      }
    }
  }
  return rows;
}

absl::StatusOr<replay::Reliability> ForecastTrace(
    const Experiment& experiment) {
  WARMUP_ASSIGN_OR_RETURN(replay::Trace trace, Read(experiment));
  const std::vector<replay::Stream> streams = StreamsOf(experiment, trace);
  return replay::ForecastAll(
      streams, replay::DrawCatalogue(trace, experiment.seeds.front()));
}

}  // namespace warmup::cli
