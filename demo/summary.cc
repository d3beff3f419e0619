#include "demo/summary.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "clients/cli/format.h"

namespace warmup::demo {
namespace {

using cli::Align;
using cli::HumanBytes;
using cli::HumanCount;
using cli::HumanDuration;

std::string Change(double from, double to) {
  if (from == 0) return to == 0 ? "same" : "-";
  return absl::StrFormat("%+.0f %%", (to - from) / from * 100);
}

}  // namespace

std::string RenderSummary(const std::vector<RunFigures>& runs,
                          const cli::Style& style) {
  const RunFigures& before = runs.front();
  const RunFigures& after = runs.back();
  cli::Table table({{"", Align::kLeft},
                    {before.name, Align::kRight},
                    {after.name, Align::kRight},
                    {"change", Align::kRight}});
  const auto add = [&](const std::string& what, double RunFigures::* figure,
                       const auto& show) {
    table.Add({what, show(before.*figure), show(after.*figure),
               Change(before.*figure, after.*figure)});
  };
  add("seconds waited", &RunFigures::waited_seconds,
      [](double seconds) { return HumanDuration(absl::Seconds(seconds)); });
  add("requests found warm", &RunFigures::warm, HumanCount);
  add("  late (its load was under way)", &RunFigures::late, HumanCount);
  add("  cold", &RunFigures::cold, HumanCount);
  add("loads started", &RunFigures::loads, HumanCount);
  add("bytes read from the disk", &RunFigures::read_bytes, HumanBytes);
  add("  of them for guesses that nobody used", &RunFigures::wasted_bytes,
      HumanBytes);

  std::string text = absl::StrCat(
      "\n", table.Render(style), "\n",
      "By the daemon's own counts. Prediction buys time with disk reads: it "
      "waits less\nand reads more.\n");
  absl::StrAppend(&text,
                  "\nThe same for Prometheus (/metrics of the second "
                  "run):\n");
  for (const std::string& line : after.metrics) {
    absl::StrAppend(&text, "  ", style.Dim(line), "\n");
  }
  return text;
}

}  // namespace warmup::demo
