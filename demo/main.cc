// The demo: one developer's day with language models, replayed twice
// against a real daemon that loads real files, without and with prediction.

#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "clients/cli/format.h"
#include "clients/cli/terminal.h"
#include "demo/board.h"
#include "demo/demo_run.h"
#include "demo/frame.h"
#include "demo/model_files.h"
#include "demo/screen.h"
#include "demo/summary.h"
#include "demo/temporary_folder.h"
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

// The signal may be handled on any thread.
std::atomic<int> stop_signal = 0;
static_assert(std::atomic<int>::is_always_lock_free);
bool IsStopped() { return stop_signal != 0; }

void WatchSignals() {
  struct sigaction action{};
  action.sa_handler = [](int signal) { stop_signal = signal; };
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGHUP, &action, nullptr);
}

// Whether frames can be drawn in place.
bool CanDraw() {
  const char* term = std::getenv("TERM");
  return isatty(STDOUT_FILENO) == 1 && term != nullptr &&
         absl::string_view(term) != "dumb";
}

class Demo {
 public:
  Demo(CommandLine line, Trace trace, const TemporaryFolder& folder)
      : line_(std::move(line)),
        trace_(std::move(trace)),
        folder_(folder),
        style_(cli::Style::For(STDOUT_FILENO)),
        is_terminal_(CanDraw()) {}

  absl::Status Play() {
    PlanFiles();
    constexpr int64_t kForStores = int64_t{32} << 20;
    absl::Status status = folder_.CheckRoomFor(total_bytes_ + kForStores);
    if (!status.ok()) return status;
    Introduce();
    status = WriteFiles();
    std::vector<RunFigures> figures;
    for (const bool is_predicting : {false, true}) {
      if (!status.ok()) return status;
      const bool is_last = is_predicting;
      DemoRun run(
          {.warmupd = line_.warmupd,
           .folder = absl::StrCat(folder_.path(), is_last ? "/2" : "/1"),
           .is_predicting = is_predicting,
           .budget_bytes = budget_bytes_,
           .files = files_,
           .is_stopped = IsStopped});
      status = PlayOnce(run, is_predicting, &figures);
      if (!status.ok()) return status;
      if (is_last) {
        Say(RenderSummary(figures, style_));
        if (line_.stay) Stay(run);
      }
      status = run.Stop();
    }
    if (status.ok() && !PagesAgree(figures)) {
      return absl::InternalError(
          "the metrics page does not say what the daemon counted");
    }
    return status;
  }

 private:
  void PlanFiles() {
    for (const std::string& model : trace_.models) {
      const int64_t bytes =
          std::max<int64_t>(ModelSizeBytes(model) / line_.size_divisor,
                            int64_t{1} << 20) &
          ~int64_t{4095};
      files_.push_back({model,
                        absl::StrCat(folder_.path(), "/", FileNameFor(model)),
                        bytes});
      total_bytes_ += bytes;
    }
    // The daemon counts in MiB; each model must fit by itself.
    constexpr int64_t kMib = int64_t{1} << 20;
    budget_bytes_ = total_bytes_ / 3;
    for (const ModelFile& file : files_) {
      budget_bytes_ = std::max(budget_bytes_, file.size_bytes);
    }
    budget_bytes_ = (budget_bytes_ + kMib - 1) / kMib * kMib;
  }

  void Introduce() const {
    Say(absl::StrCat(
        style_.Bold("warmupd demo"), "\n\n",
        cli::HumanDuration(trace_.recorded_length),
        " of one developer's work with ", trace_.models.size(),
        " language models, ", trace_.requests,
        " requests\n(from Aider's published analytics, Apache-2.0), are "
        "replayed twice against a real\ndaemon and real files on a cold disk: "
        "first it loads on demand and drops the least\nrecently used, then it "
        "also loads ahead of what it predicts. Each time it starts\nknowing "
        "nothing, and models may use memory for a third of them: ",
        Bytes(budget_bytes_), " of ", Bytes(total_bytes_),
        CanLock(budget_bytes_)
            ? ",\nlocked there, so that the system does not take it back"
            : "",
        ".\n\n"));
    Say(absl::StrCat(
        "Time is shortened, the loads are real: ", kShortenRule,
        ". It counts from the answer to the\nrequest before: who waits works "
        "later. One replay takes at least ",
        cli::HumanDuration(
            absl::Ceil(trace_.shortened_length, absl::Seconds(1))),
        ".\n\n"));
  }

  absl::Status WriteFiles() const {
    int64_t done = 0;
    for (const ModelFile& file : files_) {
      const auto progress = [&](int64_t written) {
        done += written;
        if (is_terminal_) {
          const double ratio =
              static_cast<double>(done) / static_cast<double>(total_bytes_);
          Say(absl::StrCat("\rwriting the model files  ",
                           style_.Cyan(cli::Bar(ratio, 24)), " ", Bytes(done),
                           "\033[K"));
        }
        return !IsStopped();
      };
      const absl::Status status = WriteModelFile(file, progress);
      if (!status.ok()) return status;
    }
    Say(absl::StrCat(is_terminal_ ? "\r\033[K" : "", files_.size(),
                     " model files written to ", folder_.path(), ", ",
                     Bytes(total_bytes_), " in all\n\n"));
    return absl::OkStatus();
  }

  absl::Status PlayOnce(DemoRun& run, bool is_predicting,
                        std::vector<RunFigures>* figures) {
    absl::Status status = run.Start();
    if (!status.ok()) return status;
    const int number = is_predicting ? 2 : 1;
    Board start;
    start.run = number;
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
    if (is_terminal_) {
      const Screen screen(board, style_);
      status = run.Play(trace_, board, [](const RequestRow&) {});
    } else {
      Say(absl::StrCat("run ", number, " of 2: prediction ",
                       is_predicting ? "on" : "off (on demand, LRU)", "\n"));
      status = run.Play(trace_, board, [&](const RequestRow& row) {
        Say(absl::StrCat(RenderLine(row, board.Get(), style_), "\n"));
      });
    }
    if (!status.ok()) return status;
    Say("\n");
    tallies_.push_back(board.Get().tallies.back());
    absl::StatusOr<RunFigures> counted = run.Figures();
    if (!counted.ok()) return counted.status();
    figures->push_back(*std::move(counted));
    return absl::OkStatus();
  }

  void Stay(const DemoRun& run) const {
    const std::string ctl = absl::StrCat("  ", line_.warmupctl);
    Say(absl::StrCat(
        "\nThe second daemon goes on serving until you press Ctrl-C. In "
        "another terminal:\n\n  export WARMUP_TARGET=",
        run.socket(), "\n", ctl, " status\n", ctl, " predict\n", ctl,
        " events watch\n  curl ", run.metrics_url(), "\n"));
    while (!IsStopped()) absl::SleepFor(absl::Milliseconds(100));
  }

  static void Say(const std::string& text) {
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
  }
  static std::string Bytes(int64_t bytes) {
    return cli::HumanBytes(static_cast<double>(bytes));
  }

  const CommandLine line_;
  const Trace trace_;
  const TemporaryFolder& folder_;
  const cli::Style style_;
  const bool is_terminal_;  // one that can be drawn on
  std::vector<ModelFile> files_;
  int64_t total_bytes_ = 0;
  int64_t budget_bytes_ = 0;
  std::vector<Tally> tallies_;
};

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
      ->check(CLI::Range(1, 1'000'000));
  app.add_option("--size-divisor", line.size_divisor, "Smaller files")
      ->check(CLI::Range(1, 1000));
  app.add_flag("--stay", line.stay, "Keep the second daemon at the end");
  CLI11_PARSE(app, argc, argv);

  absl::StatusOr<Trace> trace = ReadTrace(line.trace);
  if (!trace.ok()) return Fail(trace.status());
  if (line.requests > 0) KeepFirst(line.requests, &*trace);
  WatchSignals();
  auto folder = TemporaryFolder::Make(line.folder);
  if (!folder.ok()) return Fail(folder.status());
  const absl::Status status = Demo(line, *std::move(trace), **folder).Play();
  if (status.ok()) return 0;
  if (!IsStopped()) return Fail(status);
  std::fputs("\nstopped; nothing is left behind\n", stderr);
  return 128 + stop_signal;
}

}  // namespace
}  // namespace warmup::demo

int main(int argc, char** argv) { return warmup::demo::Main(argc, argv); }
