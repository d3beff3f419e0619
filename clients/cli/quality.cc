#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "clients/cli/commands.h"
#include "clients/cli/curve.h"
#include "clients/cli/flags.h"
#include "clients/cli/format.h"
#include "warmup/v1/warmup.grpc.pb.h"

namespace warmup::cli {
namespace {

// A bin of fewer cases says little.
constexpr double kFewCases = 20;

std::string Score(bool is_there, double score) {
  return is_there ? absl::StrFormat("%.4f", score) : "-";
}

std::string HorizonsText(const v1::GetPredictionQualityResponse& quality,
                         const Style& style) {
  Table table({{"FORECASTS"},
               {"CASES", Align::kRight},
               {"BRIER", Align::kRight},
               {"LOG LOSS", Align::kRight},
               {"CALIBRATION ERROR", Align::kRight}});
  for (const v1::HorizonQuality& horizon : quality.horizons()) {
    table.Add(
        {style.Bold(Printable(horizon.name())),
         HumanCount(horizon.case_count()),
         Score(horizon.has_brier_score(), horizon.brier_score()),
         Score(horizon.has_log_loss(), horizon.log_loss()),
         Score(horizon.has_calibration_error(), horizon.calibration_error())});
  }
  return table.Render(style);
}

std::string HitsText(const v1::GetPredictionQualityResponse& quality,
                     const Style& style) {
  Table table({{"NEXT MODEL FORESEEN"},
               {"USES", Align::kRight},
               {"FIRST", Align::kRight},
               {"FIRST THREE", Align::kRight}});
  const auto add = [&](const char* name, const v1::HitRate& hits) {
    table.Add({style.Bold(name), HumanCount(hits.use_count()),
               hits.has_top1_rate() ? HumanPercent(hits.top1_rate()) : "-",
               hits.has_top3_rate() ? HumanPercent(hits.top3_rate()) : "-"});
  };
  add("all", quality.hits());
  add("switches", quality.switch_hits());
  add("after a pause", quality.after_idle_hits());
  return table.Render(style);
}

std::string LeadText(const v1::WarmupQuality& warmups) {
  if (!warmups.has_mean_lead_seconds()) return "none yet";
  return absl::StrCat(
      HumanDuration(absl::Seconds(warmups.mean_lead_seconds())),
      " on average, median ",
      HumanDuration(absl::Seconds(warmups.median_lead_seconds())),
      ", from ready to first use");
}

std::string WarmupsText(const v1::WarmupQuality& warmups, const Style& style) {
  const auto rate = [](bool is_there, double value) {
    return is_there ? HumanPercent(value) : std::string("-");
  };
  Fields fields;
  fields.Add(
      "warmups",
      absl::StrCat(HumanCount(warmups.used_count() - warmups.late_count()),
                   " used in time, ", HumanCount(warmups.late_count()),
                   " used but late, ", HumanCount(warmups.unused_count()),
                   " unused"));
  fields.Add("other uses", absl::StrCat(HumanCount(warmups.missed_count()),
                                        " found no ready model, ",
                                        HumanCount(warmups.idle_use_count()),
                                        " needed no warmup"));
  fields.Add("precision",
             absl::StrCat(rate(warmups.has_precision(), warmups.precision()),
                          " of the warmups were used"));
  fields.Add("recall",
             absl::StrCat(rate(warmups.has_recall(), warmups.recall()),
                          " of the times that one was needed, it was there"));
  fields.Add("false positives",
             absl::StrCat(rate(warmups.has_false_positive_rate(),
                               warmups.false_positive_rate()),
                          " of the times that none was needed"));
  fields.Add("lead time", LeadText(warmups));
  fields.Add("wasted", absl::StrCat(HumanBytes(warmups.wasted_bytes()),
                                    " warmed and driven out unused"));
  return fields.Render(style);
}

std::string CurveText(const v1::GetPredictionQualityResponse& quality,
                      const std::string& name, const Style& style) {
  for (const v1::HorizonQuality& horizon : quality.horizons()) {
    if (horizon.name() != name) continue;
    std::string title = absl::StrCat("\nreliability of ", style.Bold(name),
                                     ": what came true of what was forecast");
    if (horizon.reliability().empty()) {
      return absl::StrCat(title, ": no cases yet\n");
    }
    std::vector<CurvePoint> points;
    for (const v1::ReliabilityBin& bin : horizon.reliability()) {
      points.push_back({bin.mean_forecast(), bin.mean_outcome(),
                        bin.case_count() < kFewCases});
    }
    return absl::StrCat(title, "\n", DrawCurve(points, style),
                        style.Dim("       ○ fewer than 20 cases; best on the "
                                  "diagonal"),
                        "\n");
  }
  return "";
}

std::string QualityText(const v1::GetPredictionQualityResponse& quality,
                        const std::string& horizon, const Style& style) {
  return absl::StrCat(HorizonsText(quality, style), "\n",
                      HitsText(quality, style), "\n",
                      WarmupsText(quality.warmups(), style),
                      CurveText(quality, horizon, style));
}

}  // namespace

void AddQuality(CLI::App* app, Cli& cli) {
  CLI::App* command = AddCommand(
      app, "quality", "How good forecasts and warmups were",
      "By how far forecasts look (the next use, the next eight, five minutes "
      "to a day): their Brier score, log loss and calibration error, 0 is "
      "best. How often the model used next stood first, or among the first "
      "three, of all that might be: at all uses, at those of another model "
      "than before, and after ten minutes without any. What became of the "
      "models that were warmed although nobody had asked for them. And a plot "
      "of how often forecasts came true: those at 70 % should in 70 % of the "
      "cases. All since the daemon started.",
      "warmupctl quality\n"
      "warmupctl quality --horizon 1h\n"
      "warmupctl quality -o json | jq .warmups.precision");
  auto& horizon = cli.Keep<std::string>();
  horizon = "5min";
  AddWord(
      command, "--horizon", {"next", "next8", "5min", "1h", "6h", "24h"},
      [&horizon](const std::string& word) { horizon = word; },
      "Whose forecasts to plot (default 5min)");
  command->callback([&cli, &horizon] {
    const auto response =
        cli.Call(&v1::WarmupService::Stub::GetPredictionQuality,
                 v1::GetPredictionQualityRequest());
    if (response) {
      cli.Print(*response, QualityText(*response, horizon, cli.out()));
    }
  });
}

}  // namespace warmup::cli
