#include "demo/summary.h"

#include <array>
#include <cmath>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "clients/cli/format.h"

namespace warmup::demo {
namespace {

using cli::Align;
using cli::HumanBytes;
using cli::HumanCount;
using cli::HumanDuration;

std::string HumanSeconds(double seconds) {
  return HumanDuration(absl::Seconds(seconds));
}

std::string Change(double from, double to) {
  if (from == to) return "same";
  if (from == 0) return "";
  return absl::StrFormat("%+.0f %%", (to - from) / from * 100);
}

// A figure, and where the Prometheus page has it: the sum of the series that
// begin so.
struct Check {
  const char* series;
  double RunFigures::* figure;
};
constexpr std::array<Check, 4> kChecks = {{
    {"warmup_demand_wait_seconds_sum", &RunFigures::waited_seconds},
    {"warmup_demands_total{served_as=\"late\"}", &RunFigures::late},
    {"warmup_demands_total{served_as=\"cold\"}", &RunFigures::cold},
    {"warmup_load_read_bytes_total", &RunFigures::read_bytes},
}};

double OnPage(const RunFigures& run, const Check& check) {
  double sum = 0;
  for (const auto& [series, value] : run.series) {
    if (series.rfind(check.series, 0) == 0) sum += value;
  }
  return sum;
}

// The page prints six digits or more.
bool Agrees(const RunFigures& run, const Check& check) {
  const double own = run.*check.figure;
  return std::abs(OnPage(run, check) - own) <= 1e-5 * std::abs(own) + 1e-9;
}

std::string RenderFigures(const RunFigures& before, const RunFigures& after,
                          const cli::Style& style) {
  cli::Table table({{"", Align::kLeft},
                    {before.name, Align::kRight},
                    {after.name, Align::kRight},
                    {"change", Align::kRight}});
  const auto add = [&](const std::string& what, double RunFigures::* figure,
                       const auto& show) {
    table.Add({what, show(before.*figure), show(after.*figure),
               Change(before.*figure, after.*figure)});
  };
  add("waited, all requests together", &RunFigures::waited_seconds,
      HumanSeconds);
  add("requests that found their model warm", &RunFigures::warm, HumanCount);
  add("  late: its load was under way", &RunFigures::late, HumanCount);
  add("  cold: its load had to be started", &RunFigures::cold, HumanCount);
  if (before.failed + after.failed > 0) {
    add("  failed: its load did", &RunFigures::failed, HumanCount);
  }
  add("loads started", &RunFigures::loads, HumanCount);
  add("read from the disk", &RunFigures::read_bytes, HumanBytes);
  add("  of it on guesses, dropped unused", &RunFigures::wasted_bytes,
      HumanBytes);
  return table.Render(style);
}

std::string Against(double shadow, double waited) {
  const std::string change = Change(shadow, waited);
  return absl::StrCat(HumanSeconds(shadow),
                      change.empty() ? "" : absl::StrCat(" (", change, ")"));
}

// The first run is what the shadow of LRU claims to be, so it can be told how
// far that is right.
std::string RenderShadows(const RunFigures& on_demand,
                          const RunFigures& predicting) {
  std::string text = absl::StrCat(
      "\nThe second daemon's own shadows, which do as others do, as arithmetic "
      "alone, say:\nLRU would have waited ",
      Against(predicting.lru_waited_seconds, predicting.waited_seconds),
      ", Ollama's default ",
      Against(predicting.ollama_default_waited_seconds,
              predicting.waited_seconds),
      ";\nreally ", HumanSeconds(predicting.waited_seconds),
      " were waited. (Five idle minutes, after which Ollama unloads, are\nrare "
      "in shortened time.)\n");
  if (on_demand.waited_seconds > 0) {
    absl::StrAppendFormat(
        &text,
        "As a check: of the first run, which was LRU, the shadow says %s where "
        "%s\nwere measured: %.0f %%.\n",
        HumanSeconds(on_demand.lru_waited_seconds),
        HumanSeconds(on_demand.waited_seconds),
        on_demand.lru_waited_seconds / on_demand.waited_seconds * 100);
  }
  return text;
}

std::string RenderChecks(const std::vector<RunFigures>& runs,
                         const cli::Style& style) {
  std::vector<cli::Table::Column> columns = {{"", Align::kLeft}};
  for (const RunFigures& run : runs) {
    columns.push_back({run.name, Align::kRight});
  }
  columns.push_back({"", Align::kLeft});
  cli::Table table(std::move(columns));
  for (const Check& check : kChecks) {
    std::vector<std::string> cells = {check.series};
    bool agree = true;
    for (const RunFigures& run : runs) {
      cells.push_back(absl::StrFormat("%.10g", OnPage(run, check)));
      agree = agree && Agrees(run, check);
    }
    cells.push_back(agree ? style.Green("agrees") : style.Red("DIFFERS"));
    table.Add(std::move(cells));
  }
  return table.Render(style);
}

}  // namespace

std::map<std::string, double> ParseMetricsPage(absl::string_view page) {
  std::map<std::string, double> series;
  for (absl::string_view line : absl::StrSplit(page, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    const size_t space = line.rfind(' ');
    double value = 0;
    if (line.empty() || line.front() == '#' ||
        space == absl::string_view::npos ||
        !absl::SimpleAtod(line.substr(space + 1), &value)) {
      continue;
    }
    series[std::string(line.substr(0, space))] = value;
  }
  return series;
}

bool PagesAgree(const std::vector<RunFigures>& runs) {
  for (const RunFigures& run : runs) {
    for (const Check& check : kChecks) {
      if (!Agrees(run, check)) return false;
    }
  }
  return true;
}

std::string RenderSummary(const std::vector<RunFigures>& runs,
                          const cli::Style& style) {
  return absl::StrCat(
      RenderFigures(runs.front(), runs.back(), style),
      "\nThe daemon's own counts (GetWarmupMetrics). A wait runs from "
      "LoadModel "
      "until the\nmodel is ready. Loading ahead is paid with reads: a wrong "
      "guess is read for\nnothing, and what it drove out is read again.\n",
      RenderShadows(runs.front(), runs.back()),
      "\nThe same on the daemon's page for Prometheus (sums where there are "
      "several):\n\n",
      RenderChecks(runs, style));
}

}  // namespace warmup::demo
