#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "clients/cli/commands.h"
#include "clients/cli/flags.h"
#include "clients/cli/format.h"
#include "clients/cli/replay/chart.h"
#include "clients/cli/replay/experiment.h"
#include "clients/cli/replay/reliability_chart.h"
#include "clients/cli/replay/report.h"

namespace warmup::cli {
namespace {

// How far the replay is, on stderr, if that is a terminal.
class ReplayProgress {
 public:
  ReplayProgress() : is_shown_(isatty(STDERR_FILENO) == 1) {}
  ~ReplayProgress() { Draw(""); }
  ReplayProgress(const ReplayProgress&) = delete;
  ReplayProgress& operator=(const ReplayProgress&) = delete;

  void Show(double ratio) {
    const int percent = static_cast<int>(std::floor(ratio * 100));
    if (percent == percent_) return;
    percent_ = percent;
    Draw(absl::StrFormat("replaying  ▕%s▏ %d %%", Bar(ratio, 30), percent));
  }

 private:
  void Draw(const std::string& line) const {
    if (!is_shown_) return;
    std::fputs(absl::StrCat("\r\033[K", line).c_str(), stderr);
    std::fflush(stderr);
  }

  const bool is_shown_;
  int percent_ = -1;
};

// What `replay` was asked for.
struct ReplayOptions {
  Experiment experiment;
  std::string format;
  std::string plot_path;
  std::string reliability_path;
};

std::string TitleOf(const std::string& trace, const Experiment& experiment) {
  return absl::StrCat("How often forecasts came true: ", trace,
                      experiment.context_path.empty() ? "" : ", announced",
                      experiment.is_per_user ? ", each user by himself" : "");
}

ExitCode ExitCodeFor(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
      return kExitNotFound;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kDataLoss:
      return kExitRefused;
    case absl::StatusCode::kPermissionDenied:
      return kExitForbidden;
    default:
      return kExitFailed;
  }
}

void WriteFile(Cli& cli, const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  file.close();
  if (!file) {
    cli.Fail(kExitFailed, absl::StrCat(path, ": it cannot be written"));
  }
}

void WriteReliability(Cli& cli, const ReplayOptions& options,
                      const std::string& trace) {
  const auto reliability = ForecastTrace(options.experiment);
  if (!reliability.ok()) {
    cli.Fail(ExitCodeFor(reliability.status()),
             std::string(reliability.status().message()));
    return;
  }
  WriteFile(cli, options.reliability_path,
            ReliabilityChart(TitleOf(trace, options.experiment), *reliability));
}

void Replay(Cli& cli, const ReplayOptions& options) {
  absl::StatusOr<std::vector<ReplayRow>> rows;
  {
    ReplayProgress progress;
    rows = RunExperiment(options.experiment,
                         [&progress](double ratio) { progress.Show(ratio); });
  }
  if (!rows.ok()) {
    cli.Fail(ExitCodeFor(rows.status()), std::string(rows.status().message()));
    return;
  }
  if (options.format == "csv") {
    cli.Write(ReplayCsv(*rows));
  } else if (options.format == "json" || cli.is_json) {
    cli.Write(ReplayJson(*rows));
  } else {
    cli.Write(ReplayTable(*rows, cli.out()));
  }
  if (!options.plot_path.empty()) {
    WriteFile(cli, options.plot_path, ReplayChart(*rows));
  }
  if (!options.reliability_path.empty()) {
    WriteReliability(cli, options, rows->front().trace);
  }
}

// A list with commas, read by `parse` into `list`.
template <typename List>
CLI::Option* AddList(CLI::App* command, const std::string& name,
                     absl::StatusOr<List> (*parse)(const std::string&),
                     List& list, const std::string& help) {
  const auto read = [name, parse, &list](const std::string& text) {
    absl::StatusOr<List> entries = parse(text);
    if (!entries.ok()) {
      throw CLI::ValidationError(name, std::string(entries.status().message()));
    }
    list = *std::move(entries);
  };
  return command->add_option_function<std::string>(name, read, help)
      ->type_name("LIST");
}

void AddExperimentOptions(CLI::App* command, Experiment& experiment) {
  command
      ->add_option("--trace", experiment.trace_path,
                   "What was used when: CSV with time_s, user and item, plain "
                   "or compressed by zstd")
      ->type_name("FILE")
      ->required();
  command
      ->add_option("--context", experiment.context_path,
                   "What was seen beside it, in the same columns; an item "
                   "session:NAME or hint:NAME announces NAME")
      ->type_name("FILE");
  command->add_flag("--per-user", experiment.is_per_user,
                    "A machine for each user, not one for all");
  AddList(command, "--budget", &ParseBudgets, experiment.budgets,
          "Memory of a machine: f0.15 times the size of all items, m3 times "
          "the median item, b8000 MiB")
      ->required();
  AddList(command, "--policy", &ParsePolicies, experiment.policies,
          "warmup, ours, or warmup:PRICE of memory; lru, ttl:SECONDS, gdsf, "
          "lfu, hybrid, markov, recpop; "
          "and belady, clairvoyant, which see the future")
      ->required();
  AddList(command, "--seed", &ParseSeeds, experiment.seeds,
          "What sizes are drawn from (default 1)");
  const auto set_slots = [&experiment](int slots) {
    if (slots < 1 || slots > 64) {
      throw CLI::ValidationError("--slots", "it is not from 1 to 64");
    }
    experiment.slots = slots;
  };
  AddNumber<int>(command, "--slots", set_slots,
                 "Loads that run at once (default 1)");
}

}  // namespace

void AddReplay(CLI::App* app, Cli& cli) {
  CLI::App* command = AddCommand(
      app, "replay", "Replay recorded use under several policies",
      "Follows a trace exactly on a simulated machine, and says how long "
      "requests would have waited for their models. It asks no daemon. What "
      "each column means is in docs/replay.md.",
      "warmupctl replay --trace use.csv --budget f0.15,m3 --policy lru,warmup\n"
      "warmupctl replay --trace use.csv.zst --per-user --budget m2 --seed 1,2 "
      "\\\n"
      "  --policy lru,ttl:300,hybrid,belady -o csv --plot use.svg");
  auto& options = cli.Keep<ReplayOptions>();
  AddExperimentOptions(command, options.experiment);
  AddWord(
      command, "-o,--output", {"table", "csv", "json"},
      [&options](const std::string& word) { options.format = word; },
      "csv and json have more columns than the table (default table)");
  command
      ->add_option("--plot", options.plot_path,
                   "Write a chart of stall against memory held, an SVG")
      ->type_name("FILE");
  command
      ->add_option("--reliability", options.reliability_path,
                   "Write charts of how often warmup's forecasts came true, an "
                   "SVG")
      ->type_name("FILE");
  command->callback([&cli, &options] { Replay(cli, options); });
}

}  // namespace warmup::cli
