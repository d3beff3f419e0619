#include "demo/frame.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "clients/cli/format.h"

namespace warmup::demo {
namespace {

using cli::Bar;
using cli::Fit;
using cli::HumanBytes;
using cli::HumanDuration;
using cli::HumanPercent;
using cli::Style;
using Lines = std::vector<std::string>;

constexpr int kSizeCells = 9;
constexpr int kStateCells = 26;
constexpr int kForecastCells = 19;
constexpr int kReasonCells = 34;
constexpr int kMinNameCells = 24;
constexpr int kTimeCells = 14;
constexpr int kNameCellsInLine = 52;
constexpr size_t kMaxRequests = 9;
constexpr size_t kMaxEvents = 3;

std::string Right(const std::string& text, int width) {
  const int pad = std::max(0, width - cli::DisplayWidth(text));
  return absl::StrCat(std::string(static_cast<size_t>(pad), ' '), text);
}

std::string Bytes(int64_t bytes) {
  return HumanBytes(static_cast<double>(bytes));
}

double Ratio(int64_t part, int64_t whole) {
  if (whole == 0) return 0;
  return static_cast<double>(part) / static_cast<double>(whole);
}

std::string When(absl::Time recorded) {
  return absl::FormatTime("%a %H:%M:%S", recorded, absl::UTCTimeZone());
}

std::string OutcomeText(Outcome outcome, const Style& style) {
  switch (outcome) {
    case Outcome::kWarm:
      return style.Green("● warm");
    case Outcome::kLate:
      return style.Yellow("◐ late");
    case Outcome::kCold:
      return style.Red("○ cold");
    case Outcome::kFailed:
      return style.Red("✗ failed");
  }
  return "";
}

std::string RankText(int rank) {
  if (rank == 0) return "not in sight";
  return rank == 1 ? std::string("likeliest") : absl::StrCat("no. ", rank);
}

std::string StateText(const ModelRow& row, const Style& style) {
  std::string remark = row.is_guess ? style.Cyan(" ahead") : "";
  if (row.waiters > 0)
    remark = style.Red(absl::StrCat(" ", row.waiters, " waits"));
  switch (row.state) {
    case ModelState::kCold:
      return absl::StrCat(style.Dim("○ cold"), remark);
    case ModelState::kLoading:
      return absl::StrCat(style.Yellow("◐ loading "),
                          style.Yellow(Bar(row.progress, 6)), remark);
    case ModelState::kReady:
      return absl::StrCat(style.Green("● ready"), remark);
    case ModelState::kUnloading:
      return absl::StrCat(style.Dim("◌ leaving"), remark);
    case ModelState::kFailed:
      return style.Red("✗ failed");
  }
  return "";
}

std::string ForecastText(const ModelRow& row, const Style& style) {
  if (row.probability < 0) {
    return style.Dim(Fit("not in sight", kForecastCells));
  }
  return absl::StrCat(style.Magenta(Bar(row.probability, 10)),
                      Right(HumanPercent(row.probability), 7), "  ");
}

// Draws one board for one width.
class Painter {
 public:
  Painter(const Board& board, const Style& style, int columns, absl::Time now)
      : board_(board), style_(style), now_(now) {
    int longest = 5;
    for (const ModelRow& row : board.models) {
      longest = std::max(longest, cli::DisplayWidth(row.id));
    }
    const int others =
        kSizeCells + 2 + kStateCells + kForecastCells + kReasonCells;
    name_cells_ =
        std::clamp(columns - others, std::min(kMinNameCells, longest), longest);
  }

  Lines Head() const {
    const int done = Done();
    const std::string mode =
        board_.is_predicting ? style_.Green("prediction on")
                             : style_.Yellow("prediction off (on demand, LRU)");
    return {
        absl::StrCat(style_.Bold("warmupd"), style_.Dim("  ·  "),
                     board_.recorded_length,
                     " of one developer's language models, replayed"),
        absl::StrFormat(
            "run %d of %d: %s  %s %d of %d requests", board_.run, board_.runs,
            mode, style_.Cyan(Bar(Ratio(done, board_.requests_in_all), 24)),
            done, board_.requests_in_all),
        ""};
  }

  Lines Models() const {
    Lines lines = {style_.Dim(
        absl::StrCat(Fit("MODEL", name_cells_), Right("SIZE", kSizeCells), "  ",
                     Fit("NOW", kStateCells), "USED WITHIN A MINUTE?"))};
    for (const ModelRow& row : board_.models) {
      const std::string name = Fit(row.id, name_cells_);
      const bool is_cold = row.state == ModelState::kCold;
      lines.push_back(
          absl::StrCat(is_cold ? style_.Dim(name) : style_.Bold(name),
                       Right(Bytes(row.size_bytes), kSizeCells), "  ",
                       Fit(StateText(row, style_), kStateCells),
                       ForecastText(row, style_), style_.Dim(row.reason)));
    }
    int64_t held_bytes = 0;
    for (const ModelRow& row : board_.models) held_bytes += row.held_bytes;
    const double used = Ratio(held_bytes, board_.memory_budget_bytes);
    lines.push_back(absl::StrCat(
        "memory  ", style_.Blue(Bar(used, name_cells_ - 8)),
        Right(Bytes(held_bytes), kSizeCells),
        style_.Dim(absl::StrCat("  of ", Bytes(board_.memory_budget_bytes)))));
    lines.push_back("");
    return lines;
  }

  Lines Requests(size_t at_most) const {
    Lines lines = {style_.Dim(absl::StrCat(Fit("REQUEST", kTimeCells),
                                           Fit("MODEL", name_cells_),
                                           "  FOUND       WAITED  FORECAST"))};
    // The last of them is the one that waits, or stays free for it.
    const size_t shown =
        std::min(board_.requests.size(), at_most > 0 ? at_most - 1 : 0);
    for (size_t i = board_.requests.size() - shown; i < board_.requests.size();
         ++i) {
      const RequestRow& row = board_.requests[i];
      lines.push_back(absl::StrCat(
          style_.Dim(Fit(When(row.recorded), kTimeCells)),
          Fit(row.model, name_cells_), "  ",
          Fit(OutcomeText(row.outcome, style_), 8),
          Right(HumanDuration(row.waited), 10), "  ", RankText(row.rank)));
    }
    if (board_.waiting.has_value() && at_most > 0) {
      const Waiting& waiting = *board_.waiting;
      lines.push_back(absl::StrCat(
          style_.Dim(Fit(When(waiting.recorded), kTimeCells)),
          Fit(waiting.model, name_cells_), "  ", style_.Red("… waits "),
          Right(HumanDuration(now_ - waiting.since), 10)));
    }
    lines.resize(at_most + 2);  // and an empty one
    return lines;
  }

  Lines Score() const {
    Lines lines;
    absl::Duration most = absl::Milliseconds(1);
    for (const Tally& tally : board_.tallies) {
      most = std::max(most, tally.waited);
    }
    for (size_t run = 0; run < board_.tallies.size(); ++run) {
      const Tally& tally = board_.tallies[run];
      const bool is_past = run + 1 < board_.tallies.size();
      const absl::Duration waited = is_past ? WaitedSoFar(tally) : tally.waited;
      const std::string bar = Bar(absl::FDivDuration(waited, most), 24);
      lines.push_back(absl::StrCat(
          Fit(run == 0 ? "waited, on demand" : "waited, predicting", 20),
          run == 0 ? style_.Yellow(bar) : style_.Green(bar),
          Right(HumanDuration(waited), 9),
          is_past ? style_.Dim("  at this point of run 1")
                  : absl::StrFormat("  %d warm, %d late, %d cold", tally.warm,
                                    tally.late, tally.cold)));
    }
    return lines;
  }

  Lines Events(size_t at_most) const {
    Lines lines = {
        absl::StrCat(style_.Dim("announced: "), board_.announced),
        absl::StrCat(style_.Dim("subscriber: "), board_.events_received,
                     " events so far, the last:")};
    const size_t shown = std::min(board_.events.size(), at_most);
    for (size_t i = board_.events.size() - shown; i < board_.events.size();
         ++i) {
      lines.push_back(absl::StrCat("  ", style_.Dim(board_.events[i])));
    }
    lines.resize(at_most + 2);
    return lines;
  }

 private:
  int Done() const {
    return board_.tallies.empty() ? 0 : board_.tallies.back().requests;
  }
  // What a past run had waited when it was where this one is.
  absl::Duration WaitedSoFar(const Tally& past) const {
    const size_t at =
        std::min(static_cast<size_t>(Done()), past.waited_after.size());
    return at == 0 ? absl::ZeroDuration() : past.waited_after[at - 1];
  }

  const Board& board_;
  const Style& style_;
  const absl::Time now_;
  int name_cells_;
};

}  // namespace

Lines RenderFrame(const Board& board, const Style& style,
                  cli::TerminalSize size, absl::Time now) {
  const Painter painter(board, style, size.columns, now);
  // One row stays free for the cursor.
  const size_t rows = static_cast<size_t>(std::max(size.rows - 1, 1));
  Lines lines;
  const auto add = [&](const Lines& more) {
    lines.insert(lines.end(), more.begin(), more.end());
  };
  const Lines score = painter.Score();
  add(painter.Head());
  add(painter.Models());
  // Besides requests and events: two headings of each, and an empty line.
  const size_t fixed = lines.size() + score.size() + 5;
  const size_t spare = rows > fixed ? rows - fixed : 0;
  const size_t events = std::min(kMaxEvents, spare / 3);
  add(painter.Requests(std::min(kMaxRequests, spare - events)));
  add(score);
  add(painter.Events(events));
  if (lines.size() > rows) lines.resize(rows);
  for (std::string& line : lines) {
    if (cli::DisplayWidth(line) > size.columns) line = Fit(line, size.columns);
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
      absl::StrFormat("%3d  ", number), When(row.recorded), "  ",
      Fit(row.model, kNameCellsInLine), "  ",
      Fit(OutcomeText(row.outcome, style), 8),
      Right(HumanDuration(row.waited), 9), "   forecast: ", RankText(row.rank),
      ahead.empty() ? "" : absl::StrCat("   warmed ahead: ", ahead));
}

}  // namespace warmup::demo
