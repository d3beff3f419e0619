#include "demo/screen.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "clients/cli/format.h"

namespace warmup::demo {

using cli::Bar;
using cli::Fit;
using cli::HumanBytes;
using cli::HumanDuration;
using cli::HumanPercent;
using cli::Style;

void Tally::Add(const RequestRow& row) {
  ++requests;
  switch (row.outcome) {
    case Outcome::kWarm:
      ++warm;
      break;
    case Outcome::kLate:
      ++late;
      break;
    case Outcome::kCold:
      ++cold;
      break;
    case Outcome::kFailed:
      ++failed;
      break;
  }
  waited += row.waited;
  waited_after.push_back(waited);
}

namespace {

constexpr int kModelCells = 44;
constexpr size_t kRequestLines = 8;

std::string Right(const std::string& text, int width) {
  const int have = cli::DisplayWidth(text);
  const int pad = std::max(0, width - have);
  return absl::StrCat(std::string(static_cast<size_t>(pad), ' '), text);
}

std::string OutcomeText(Outcome outcome, const Style& style) {
  switch (outcome) {
    case Outcome::kWarm:
      return style.Green("● warm  ");
    case Outcome::kLate:
      return style.Yellow("◐ late  ");
    case Outcome::kCold:
      return style.Red("○ cold  ");
    case Outcome::kFailed:
      return style.Red("✗ failed");
  }
  return "";
}

std::string StateText(const ModelRow& row, const Style& style) {
  const std::string guess = row.is_guess ? " ahead" : "";
  switch (row.state) {
    case ModelState::kCold:
      return style.Dim("○ cold");
    case ModelState::kLoading:
      return absl::StrCat(style.Yellow("◐ loading "),
                          style.Yellow(Bar(row.progress, 6)),
                          style.Cyan(guess));
    case ModelState::kReady:
      return absl::StrCat(style.Green("● ready"), style.Cyan(guess));
    case ModelState::kUnloading:
      return style.Dim("◌ leaving");
    case ModelState::kFailed:
      return style.Red("✗ failed");
  }
  return "";
}

void AddHead(const Board& board, const Style& style,
             std::vector<std::string>* lines) {
  const int done = board.tallies.empty() ? 0 : board.tallies.back().requests;
  const double ratio = board.requests_in_all == 0
                           ? 0
                           : static_cast<double>(done) / board.requests_in_all;
  lines->push_back(absl::StrCat(
      style.Bold("warmupd"), style.Dim("  ·  "), board.recorded_length,
      " of one developer's language models, replayed"));
  const std::string mode =
      board.is_predicting ? style.Green("prediction on")
                          : style.Yellow("prediction off (on demand, LRU)");
  lines->push_back(absl::StrFormat(
      "run %d of %d: %s  %s %d of %d requests", board.run, board.runs, mode,
      style.Cyan(Bar(ratio, 24)), done, board.requests_in_all));
  lines->push_back("");
}

void AddModels(const Board& board, const Style& style,
               std::vector<std::string>* lines) {
  lines->push_back(
      style.Dim(absl::StrCat(Fit("MODEL", kModelCells), Right("SIZE", 9), "  ",
                             Fit("NOW", 24), "USED WITHIN A MINUTE?")));
  for (const ModelRow& row : board.models) {
    std::string forecast = style.Dim("never used so far");
    if (row.probability >= 0) {
      forecast = absl::StrCat(style.Magenta(Bar(row.probability, 10)), " ",
                              Right(HumanPercent(row.probability), 6));
    }
    const std::string name = Fit(row.id, kModelCells);
    const bool is_cold = row.state == ModelState::kCold;
    lines->push_back(
        absl::StrCat(is_cold ? style.Dim(name) : style.Bold(name),
                     Right(HumanBytes(static_cast<double>(row.size_bytes)), 9),
                     "  ", Fit(StateText(row, style), 24), forecast));
  }
  const double used = board.memory_budget_bytes == 0
                          ? 0
                          : static_cast<double>(board.memory_used_bytes) /
                                static_cast<double>(board.memory_budget_bytes);
  lines->push_back(absl::StrCat(
      Fit("memory", 8), style.Blue(Bar(used, kModelCells - 8)),
      Right(HumanBytes(static_cast<double>(board.memory_used_bytes)), 9),
      style.Dim(absl::StrCat("  of ", HumanBytes(static_cast<double>(
                                          board.memory_budget_bytes))))));
  lines->push_back("");
}

void AddRequests(const Board& board, const Style& style,
                 std::vector<std::string>* lines) {
  lines->push_back(style.Dim(absl::StrCat(
      Fit("REQUEST", 14), Fit("MODEL", kModelCells), "FOUND     WAITED")));
  const size_t shown = std::min(board.requests.size(), kRequestLines);
  for (size_t i = board.requests.size() - shown; i < board.requests.size();
       ++i) {
    const RequestRow& row = board.requests[i];
    lines->push_back(absl::StrCat(
        style.Dim(Fit(
            absl::FormatTime("%a %H:%M:%S", row.recorded, absl::UTCTimeZone()),
            14)),
        Fit(row.model, kModelCells), OutcomeText(row.outcome, style),
        Right(HumanDuration(row.waited), 10)));
  }
  for (size_t i = shown; i < kRequestLines; ++i) lines->push_back("");
  lines->push_back("");
}

void AddScore(const Board& board, const Style& style,
              std::vector<std::string>* lines) {
  if (board.tallies.empty()) return;
  const auto at = static_cast<size_t>(board.tallies.back().requests);
  absl::Duration most = absl::Milliseconds(1);
  for (const Tally& tally : board.tallies) {
    most = std::max(most, tally.waited);
  }
  for (size_t run = 0; run < board.tallies.size(); ++run) {
    const Tally& tally = board.tallies[run];
    const bool is_past = run + 1 < board.tallies.size();
    absl::Duration waited = tally.waited;
    if (is_past) {
      waited =
          at == 0
              ? absl::ZeroDuration()
              : tally.waited_after[std::min(at, tally.waited_after.size()) - 1];
    }
    const std::string bar = Bar(absl::FDivDuration(waited, most), 24);
    lines->push_back(absl::StrCat(
        Fit(run == 0 ? "waited, on demand" : "waited, predicting", 20),
        run == 0 ? style.Yellow(bar) : style.Green(bar),
        Right(HumanDuration(waited), 9),
        is_past ? style.Dim("  at this point of run 1")
                : absl::StrFormat("  %d warm, %d late, %d cold", tally.warm,
                                  tally.late, tally.cold)));
  }
  lines->push_back(style.Dim(absl::StrCat(
      "subscriber: ", board.events_received, " events",
      board.last_event.empty() ? "" : ", last: ", board.last_event)));
  lines->push_back(style.Dim(
      board.announced.empty() ? ""
                              : absl::StrCat("announced: ", board.announced)));
}

}  // namespace

std::vector<std::string> RenderFrame(const Board& board, const Style& style,
                                     int columns) {
  std::vector<std::string> lines;
  AddHead(board, style, &lines);
  AddModels(board, style, &lines);
  AddRequests(board, style, &lines);
  AddScore(board, style, &lines);
  for (std::string& line : lines) {
    if (cli::DisplayWidth(line) > columns) line = Fit(line, columns);
  }
  return lines;
}

std::string RenderLine(const RequestRow& row, const Board& board,
                       const Style& style) {
  const int number = board.tallies.empty() ? 0 : board.tallies.back().requests;
  std::string ahead;
  for (const ModelRow& model : board.models) {
    if (model.is_guess && model.state != ModelState::kCold) {
      absl::StrAppend(&ahead, ahead.empty() ? "" : ", ", model.id);
    }
  }
  return absl::StrCat(
      absl::StrFormat("%3d  ", number),
      absl::FormatTime("%a %H:%M:%S  ", row.recorded, absl::UTCTimeZone()),
      Fit(row.model, kModelCells), OutcomeText(row.outcome, style),
      Right(HumanDuration(row.waited), 9),
      ahead.empty() ? "" : absl::StrCat("   warmed ahead: ", ahead));
}

Screen::Screen(const SharedBoard& board, const Style& style)
    : board_(board), style_(style) {
  std::fputs("\033[?25l", stdout);  // hide the cursor
  thread_ = std::thread([this] {
    while (!is_ending_.load()) {
      Draw();
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    Draw();
  });
}

Screen::~Screen() {
  is_ending_.store(true);
  thread_.join();
  std::fputs("\033[?25h", stdout);
  std::fflush(stdout);
}

void Screen::Draw() {
  const int columns = cli::GetTerminalSize(STDOUT_FILENO).columns;
  const std::vector<std::string> lines =
      RenderFrame(board_.Get(), style_, columns);
  std::string out;
  if (lines_drawn_ > 0) absl::StrAppend(&out, "\033[", lines_drawn_, "A");
  for (const std::string& line : lines) {
    absl::StrAppend(&out, "\r", line, "\033[K\n");
  }
  absl::StrAppend(&out, "\033[J");
  lines_drawn_ = lines.size();
  std::fwrite(out.data(), 1, out.size(), stdout);
  std::fflush(stdout);
}

}  // namespace warmup::demo
