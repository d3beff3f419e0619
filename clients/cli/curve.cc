#include "clients/cli/curve.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace warmup::cli {
namespace {

// About as high as wide on a terminal.
constexpr int kColumns = 41;
constexpr int kRows = 11;
constexpr int kLabelEvery = 5;  // rows

enum class Mark { kNone, kDiagonal, kWeak, kStrong };
using Grid = std::array<std::array<Mark, kColumns>, kRows>;

// 0: at the left, at the bottom.
size_t PlaceOf(double value, int count) {
  const double bounded = std::isnan(value) ? 0 : std::clamp(value, 0.0, 1.0);
  return static_cast<size_t>(std::lround(bounded * (count - 1)));
}

std::string Draw(Mark mark, const Style& style) {
  switch (mark) {
    case Mark::kNone:
      return " ";
    case Mark::kDiagonal:
      return style.Dim("·");
    case Mark::kWeak:
      return style.Cyan("○");
    case Mark::kStrong:
      return style.Cyan("●");
  }
  return " ";
}

}  // namespace

std::string DrawCurve(const std::vector<CurvePoint>& points,
                      const Style& style) {
  Grid grid{};
  for (int column = 0; column < kColumns; ++column) {
    const double at = column / (kColumns - 1.0);
    grid[PlaceOf(at, kRows)][static_cast<size_t>(column)] = Mark::kDiagonal;
  }
  for (const CurvePoint& point : points) {
    Mark& mark = grid[PlaceOf(point.y, kRows)][PlaceOf(point.x, kColumns)];
    mark = std::max(mark, point.is_weak ? Mark::kWeak : Mark::kStrong);
  }
  std::string text;
  for (int row = kRows - 1; row >= 0; --row) {
    std::string line = row % kLabelEvery == 0
                           ? absl::StrFormat("%4d %% ", row * 100 / (kRows - 1))
                           : std::string(7, ' ');
    absl::StrAppend(&line, row % kLabelEvery == 0 ? "┤" : "│");
    for (const Mark mark : grid[static_cast<size_t>(row)]) {
      absl::StrAppend(&line, Draw(mark, style));
    }
    // Nothing hangs over at the right.
    line.erase(line.find_last_not_of(' ') + 1);
    absl::StrAppend(&text, line, "\n");
  }
  absl::StrAppend(&text, std::string(7, ' '), "└");
  for (int column = 0; column < kColumns; ++column) {
    absl::StrAppend(&text, column % (kColumns / 2) == 0 ? "┴" : "─");
  }
  absl::StrAppend(&text, "\n", std::string(7, ' '),
                  absl::StrFormat("%-19s%-18s%s\n", "0 %", "50 %", "100 %"));
  return text;
}

}  // namespace warmup::cli
