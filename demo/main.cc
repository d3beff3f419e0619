// The demo: one developer's two days with language models, replayed twice
// against a real daemon that loads real files, without and with prediction.

#include <signal.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "clients/cli/format.h"
#include "clients/cli/terminal.h"
#include "demo/board.h"
#include "demo/demo_run.h"
#include "demo/model_files.h"
#include "demo/screen.h"
#include "demo/summary.h"
#include "demo/trace.h"

namespace warmup::demo {
namespace {

struct CommandLine {
  std::string warmupd;
  std::string warmupctl = "warmupctl";
  std::string trace;
  std::string folder;
  int requests = 0;      // 0: all
  int size_divisor = 1;  // for a quick look
  bool stay = false;
};

volatile sig_atomic_t stop_signal = 0;
bool IsStopped() { return stop_signal != 0; }

void WatchSignals() {
  struct sigaction action{};
  action.sa_handler = [](int signal) { stop_signal = signal; };
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGHUP, &action, nullptr);
}

// A folder that goes when this goes.
class TemporaryFolder {
 public:
  static absl::StatusOr<std::unique_ptr<TemporaryFolder>> Make(
      std::string base) {
    if (base.empty()) {
      const char* set = std::getenv("TMPDIR");
      base = set != nullptr ? set : "/var/tmp";  // /tmp may be memory
    }
    std::string path = absl::StrCat(base, "/warmup-demo-XXXXXX");
    if (mkdtemp(path.data()) == nullptr) {
      return absl::UnavailableError(
          absl::StrCat("cannot make a folder in ", base));
    }
    return std::unique_ptr<TemporaryFolder>(new TemporaryFolder(path));
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }
  // Files in memory cannot be cold.
  bool IsInMemory() const {
    constexpr long kTmpfs = 0x01021994;
    struct statfs status{};
    return statfs(path_.c_str(), &status) == 0 && status.f_type == kTmpfs;
  }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  const std::string path_;
};

class Demo {
 public:
  Demo(CommandLine line, Trace trace, std::string folder)
      : line_(std::move(line)),
        trace_(std::move(trace)),
        folder_(std::move(folder)),
        style_(cli::Style::For(STDOUT_FILENO)) {}

  absl::Status Play() {
    PlanFiles();
    Introduce();
    absl::Status status = WriteFiles();
    std::vector<RunFigures> figures;
    for (const bool is_predicting : {false, true}) {
      if (!status.ok()) return status;
      const bool is_last = is_predicting;
      DemoRun run({.warmupd = line_.warmupd,
                   .folder = absl::StrCat(folder_, is_last ? "/2" : "/1"),
                   .is_predicting = is_predicting,
                   .budget_bytes = budget_bytes_,
                   .files = files_,
                   .is_stopped = IsStopped});
      status = PlayOnce(run, is_predicting, &figures);
      if (!status.ok()) return status;
      if (is_last) {
        std::fputs(RenderSummary(figures, style_).c_str(), stdout);
        std::fflush(stdout);
        if (line_.stay) Stay(run);
      }
      status = run.Stop();
    }
    return status;
  }

 private:
  void PlanFiles() {
    int64_t total = 0;
    for (const std::string& model : trace_.models) {
      const int64_t bytes =
          std::max<int64_t>(ModelSizeBytes(model) / line_.size_divisor,
                            int64_t{1} << 20) &
          ~int64_t{4095};
      files_.push_back({model,
                        absl::StrCat(folder_, "/", FileNameFor(model), ".gguf"),
                        bytes});
      total += bytes;
    }
    // A model that fits nobody else must still fit.
    for (const ModelFile& file : files_) {
      budget_bytes_ = std::max(budget_bytes_, file.size_bytes);
    }
    budget_bytes_ = std::max(budget_bytes_, total / 3);
    total_bytes_ = total;
  }

  void Introduce() const {
    std::printf(
        "%s\n\n"
        "%s of one developer's work with %zu language models (%d requests,\n"
        "from Aider's published analytics, Apache-2.0) are replayed twice "
        "against a\nreal daemon with real files on a cold disk: first loading "
        "on demand and\nevicting the least recently used, then predicting. "
        "Memory holds a third:\n%s of %s.\n\n"
        "Time: %s.\nA gap counts from the answer before it: who waits, works "
        "later.\n\n",
        style_.Bold("warmupd demo").c_str(),
        cli::HumanDuration(trace_.recorded_length).c_str(),
        trace_.models.size(), trace_.requests,
        cli::HumanBytes(static_cast<double>(budget_bytes_)).c_str(),
        cli::HumanBytes(static_cast<double>(total_bytes_)).c_str(),
        kShortenRule);
    std::fflush(stdout);
  }

  absl::Status WriteFiles() const {
    int64_t done = 0;
    const bool is_terminal = isatty(STDOUT_FILENO) != 0;
    for (const ModelFile& file : files_) {
      const auto progress = [&](int64_t written) {
        if (is_terminal) {
          std::printf(
              "\rwriting model files in %s  %s %s ", folder_.c_str(),
              cli::Bar(static_cast<double>(done + written) /
                           static_cast<double>(total_bytes_),
                       24)
                  .c_str(),
              cli::HumanBytes(static_cast<double>(done + written)).c_str());
          std::fflush(stdout);
        }
        return !IsStopped();
      };
      const absl::Status status = WriteModelFile(file, progress);
      if (!status.ok()) return status;
      done += file.size_bytes;
    }
    std::printf("%swrote %zu model files in %s, %s in all\033[K\n\n",
                is_terminal ? "\r" : "", files_.size(), folder_.c_str(),
                cli::HumanBytes(static_cast<double>(total_bytes_)).c_str());
    std::fflush(stdout);
    return absl::OkStatus();
  }

  absl::Status PlayOnce(DemoRun& run, bool is_predicting,
                        std::vector<RunFigures>* figures) {
    absl::Status status = run.Start();
    if (!status.ok()) return status;
    Board start;
    start.run = is_predicting ? 2 : 1;
    start.is_predicting = is_predicting;
    start.requests_in_all = trace_.requests;
    start.recorded_length = cli::HumanDuration(trace_.recorded_length);
    start.memory_budget_bytes = budget_bytes_;
    for (const ModelFile& file : files_) {
      start.models.push_back({.id = file.model, .size_bytes = file.size_bytes});
    }
    start.tallies = tallies_;
    start.tallies.emplace_back();
    SharedBoard board(std::move(start));
    if (isatty(STDOUT_FILENO) != 0) {
      const Screen screen(board, style_);
      status = run.Play(trace_, board, [](const RequestRow&) {});
    } else {
      std::printf("run %d of 2: prediction %s\n", is_predicting ? 2 : 1,
                  is_predicting ? "on" : "off (on demand, LRU)");
      status = run.Play(trace_, board, [&](const RequestRow& row) {
        std::printf("%s\n", RenderLine(row, board.Get(), style_).c_str());
        std::fflush(stdout);
      });
    }
    if (!status.ok()) return status;
    std::printf("\n");
    tallies_.push_back(board.Get().tallies.back());
    absl::StatusOr<RunFigures> counted = run.Figures();
    if (!counted.ok()) return counted.status();
    figures->push_back(*std::move(counted));
    return absl::OkStatus();
  }

  void Stay(const DemoRun& run) const {
    std::printf(
        "\nThe second daemon goes on until you press Ctrl-C. In another "
        "terminal:\n\n"
        "  export WARMUP_TARGET=%s\n"
        "  %s status\n"
        "  %s predict\n"
        "  curl %s\n",
        run.socket().c_str(), line_.warmupctl.c_str(), line_.warmupctl.c_str(),
        run.metrics_url().c_str());
    std::fflush(stdout);
    while (!IsStopped()) absl::SleepFor(absl::Milliseconds(100));
  }

  const CommandLine line_;
  const Trace trace_;
  const std::string folder_;
  const cli::Style style_;
  std::vector<ModelFile> files_;
  int64_t total_bytes_ = 0;
  int64_t budget_bytes_ = 0;
  std::vector<Tally> tallies_;
};

// The first `requests` requests and what is between them.
void Shorten(int requests, Trace* trace) {
  if (requests <= 0 || requests >= trace->requests) return;
  int seen = 0;
  size_t end = 0;
  while (seen < requests) {
    seen += trace->steps[end++].kind == StepKind::kRequest ? 1 : 0;
  }
  trace->steps.resize(end);
  trace->requests = requests;
  trace->recorded_length =
      trace->steps.back().recorded - trace->steps.front().recorded;
}

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "\ndemo: %s\n", std::string(status.message()).c_str());
  return 1;
}

int Main(int argc, char** argv) {
  CLI::App app{"Shows what warmupd is for, in about three minutes"};
  CommandLine line;
  app.add_option("--warmupd", line.warmupd, "The daemon's program")
      ->required()
      ->check(CLI::ExistingFile);
  app.add_option("--warmupctl", line.warmupctl, "Named in what is printed");
  app.add_option("--trace", line.trace, "What is replayed")
      ->required()
      ->check(CLI::ExistingFile);
  app.add_option("--folder", line.folder,
                 "Where the files go, on a disk (default $TMPDIR or /var/tmp)");
  app.add_option("--requests", line.requests, "Only so many of them")
      ->check(CLI::PositiveNumber);
  app.add_option("--size-divisor", line.size_divisor, "Smaller files")
      ->check(CLI::Range(1, 1000));
  app.add_flag("--stay", line.stay, "Keep the second daemon at the end");
  CLI11_PARSE(app, argc, argv);

  absl::StatusOr<Trace> trace = ReadTrace(line.trace);
  if (!trace.ok()) return Fail(trace.status());
  Shorten(line.requests, &*trace);
  WatchSignals();
  auto folder = TemporaryFolder::Make(line.folder);
  if (!folder.ok()) return Fail(folder.status());
  if ((*folder)->IsInMemory()) {
    return Fail(absl::FailedPreconditionError(
        absl::StrCat((*folder)->path(),
                     " is in memory, where nothing is ever cold: give a "
                     "folder on a disk with --folder")));
  }
  const absl::Status status =
      Demo(line, *std::move(trace), (*folder)->path()).Play();
  if (IsStopped()) return line.stay && status.ok() ? 0 : 130;
  return status.ok() ? 0 : Fail(status);
}

}  // namespace
}  // namespace warmup::demo

int main(int argc, char** argv) { return warmup::demo::Main(argc, argv); }
