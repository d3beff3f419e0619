#include "clients/cli/replay/reliability_chart.h"

#include <cmath>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "clients/cli/replay/svg.h"

namespace warmup::cli {
namespace {

using Quality = foresight::Forecaster::Quality;

constexpr size_t kColumns = 3;
// In pixels: of a plot, and from one to the next.
constexpr double kSide = 200;
constexpr double kStepX = 300;
constexpr double kStepY = 310;
constexpr double kLeft = 60;
constexpr double kTop = 84;
// A class of fewer cases says little, and is drawn hollow.
constexpr double kFewCases = 20;

constexpr const char* kColor = "#0072b2";
constexpr const char* kGrid = "#dddddd";

// The area would make dots of a million cases hide all others.
double RadiusOf(double cases) { return 1 + std::log10(1 + cases); }

// One horizon, its corner at the left and below at `x` and `y`.
void DrawHorizon(const Quality& quality, std::string_view name, double x,
                 double y, Svg& svg) {
  const auto at_x = [x](double chance) { return x + chance * kSide; };
  const auto at_y = [y](double chance) { return y - chance * kSide; };
  svg.Text(x, y - kSide - 24, "start", std::string(name), 14);
  const std::string scores =
      quality.cases > 0
          ? absl::StrFormat("log loss %.4f, Brier %.4f, calibration error %.4f",
                            quality.log_loss / quality.cases,
                            quality.brier / quality.cases,
                            quality.CalibrationError())
          : "no cases";
  svg.Text(x, y - kSide - 9, "start", scores, 10);
  for (const double chance : {0.0, 0.25, 0.5, 0.75, 1.0}) {
    svg.Line(at_x(chance), at_y(0), at_x(chance), at_y(1), kGrid);
    svg.Line(at_x(0), at_y(chance), at_x(1), at_y(chance), kGrid);
    const std::string percent = absl::StrFormat("%.0f", chance * 100);
    svg.Text(at_x(chance), y + 14, "middle", percent, 10);
    svg.Text(x - 5, at_y(chance) + 4, "end", percent, 10);
  }
  svg.Line(at_x(0), at_y(0), at_x(1), at_y(1), "#888888");
  for (const Quality::Bin& bin : quality.bins) {
    if (bin.cases <= 0) continue;
    const double forecast = bin.forecast / bin.cases;
    const double outcome = bin.outcome / bin.cases;
    svg.Draw(
        {.x = at_x(forecast),
         .y = at_y(outcome),
         .radius = RadiusOf(bin.cases),
         .color = kColor,
         .is_hollow = bin.cases < kFewCases,
         .hint = absl::StrFormat("forecast %.1f %%, came true %.1f %%, "
                                 "%.0f cases",
                                 100 * forecast, 100 * outcome, bin.cases)});
  }
}

}  // namespace

std::string ReliabilityChart(const std::string& title,
                             const replay::Reliability& reliability) {
  constexpr size_t kRows = (foresight::kHeads + kColumns - 1) / kColumns;
  Svg svg(static_cast<int>(kLeft + kStepX * kColumns - 30),
          static_cast<int>(kTop + kStepY * kRows - 60));
  svg.Text(kLeft, 28, "start", title, 15);
  for (size_t i = 0; i < foresight::kHeads; ++i) {
    const size_t row = i / kColumns;
    const size_t column = i % kColumns;
    const double x = kLeft + kStepX * static_cast<double>(column);
    const double y = kTop + kSide + kStepY * static_cast<double>(row);
    DrawHorizon(reliability[i], foresight::kHeadNames[i], x, y, svg);
    svg.Text(x + kSide / 2, y + 30, "middle", "forecast, %", 11);
    if (column == 0) svg.SideText(22, y - kSide / 2, "came true, %");
  }
  return std::move(svg).Close();
}

}  // namespace warmup::cli
