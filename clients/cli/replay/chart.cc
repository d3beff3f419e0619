#include "clients/cli/replay/chart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "clients/cli/replay/svg.h"

namespace warmup::cli {
namespace {

// The chart's area within the picture, in pixels.
constexpr int kWidth = 860;
constexpr int kHeight = 440;
constexpr int kLeft = 80;
constexpr int kRight = 600;
constexpr int kTop = 48;
constexpr int kBottom = 380;

// Told apart by colour-blind people too (Okabe and Ito), then repeated.
constexpr std::array<const char*, 8> kColors = {"#0072b2", "#d55e00", "#009e73",
                                                "#cc79a7", "#e69f00", "#56b4e9",
                                                "#000000", "#b8a800"};

struct Point {
  std::string budget;
  double held_gib = 0;
  double stall_s = 0;
  int seeds = 0;
};

struct Series {
  std::string policy;
  bool sees_future = false;
  std::vector<Point> points;
};

template <typename Entry, typename Name>
Entry& FindOrAdd(std::vector<Entry>& entries, Name Entry::* name,
                 const Name& value) {
  for (Entry& entry : entries) {
    if (entry.*name == value) return entry;
  }
  entries.emplace_back().*name = value;
  return entries.back();
}

std::vector<Series> SeriesOf(const std::vector<ReplayRow>& rows) {
  std::vector<Series> all;
  for (const ReplayRow& row : rows) {
    Series& series = FindOrAdd(all, &Series::policy, row.policy);
    series.sees_future = row.sees_future;
    Point& point = FindOrAdd(series.points, &Point::budget, row.budget);
    point.held_gib += row.held_gib();
    point.stall_s += row.stall_s();
    ++point.seeds;
  }
  for (Series& series : all) {
    for (Point& point : series.points) {
      point.held_gib /= point.seeds;
      point.stall_s /= point.seeds;
    }
  }
  return all;
}

// From 0 to at least `most` in about five steps of 1, 2 or 5 times a power of
// ten.
struct Axis {
  explicit Axis(double most) {
    const double rough = std::max(most, 1e-3) / 5;
    const double power = std::pow(10, std::floor(std::log10(rough)));
    step = power * 10;
    for (const double times : {5.0, 2.0, 1.0}) {
      if (times * power >= rough) step = times * power;
    }
    steps = static_cast<int>(std::ceil(std::max(most, 1e-3) / step));
    end = steps * step;
  }
  double step = 1;
  int steps = 1;
  double end = 1;
};

// Hollow dots: it sees the future.
class Chart {
 public:
  Chart(std::vector<Series> series, double most_held, double most_stall)
      : series_(std::move(series)), x_(most_held), y_(most_stall) {}

  std::string Draw(const std::string& title) && {
    svg_.Text(kLeft, 28, "start", title, 15);
    DrawAxes();
    for (size_t i = 0; i < series_.size(); ++i) DrawSeries(i);
    return std::move(svg_).Close();
  }

 private:
  double X(double held) const {
    return kLeft + held / x_.end * (kRight - kLeft);
  }
  double Y(double stall) const {
    return kBottom - stall / y_.end * (kBottom - kTop);
  }

  void DrawAxes() {
    for (int i = 0; i <= x_.steps; ++i) {
      const double at = i * x_.step;
      svg_.Line(X(at), kTop, X(at), kBottom, "#dddddd");
      svg_.Text(X(at), kBottom + 18, "middle", absl::StrFormat("%g", at));
    }
    for (int i = 0; i <= y_.steps; ++i) {
      const double at = i * y_.step;
      svg_.Line(kLeft, Y(at), kRight, Y(at), "#dddddd");
      svg_.Text(kLeft - 8, Y(at) + 4, "end", absl::StrFormat("%.10g", at));
    }
    svg_.Line(kLeft, kBottom, kRight, kBottom, "black");
    svg_.Line(kLeft, kTop, kLeft, kBottom, "black");
    svg_.Text((kLeft + kRight) / 2.0, kBottom + 42, "middle",
              "memory held on average, GiB");
    svg_.SideText(20, (kTop + kBottom) / 2.0, "stall, s");
  }

  void DrawSeries(size_t number) {
    const Series& series = series_[number];
    const char* const color = kColors[number % kColors.size()];
    for (size_t i = 1; i < series.points.size(); ++i) {
      const Point& from = series.points[i - 1];
      const Point& to = series.points[i];
      svg_.Line(X(from.held_gib), Y(from.stall_s), X(to.held_gib),
                Y(to.stall_s), color);
    }
    for (const Point& point : series.points) {
      svg_.Draw({.x = X(point.held_gib),
                 .y = Y(point.stall_s),
                 .color = color,
                 .is_hollow = series.sees_future,
                 .hint = absl::StrFormat("%s, %s: %.2f GiB, %.0f s",
                                         series.policy, point.budget,
                                         point.held_gib, point.stall_s)});
    }
    const double y = kTop + 10 + 22.0 * static_cast<double>(number);
    svg_.Draw({.x = kRight + 24,
               .y = y,
               .color = color,
               .is_hollow = series.sees_future,
               .hint = series.policy});
    svg_.Text(kRight + 36, y + 4, "start",
              absl::StrCat(series.policy,
                           series.sees_future ? " (sees the future)" : ""));
  }

  const std::vector<Series> series_;
  const Axis x_;
  const Axis y_;
  Svg svg_{kWidth, kHeight};
};

}  // namespace

std::string ReplayChart(const std::vector<ReplayRow>& rows) {
  std::vector<Series> series = SeriesOf(rows);
  double most_held = 0;
  double most_stall = 0;
  for (const Series& one : series) {
    for (const Point& point : one.points) {
      most_held = std::max(most_held, point.held_gib);
      most_stall = std::max(most_stall, point.stall_s);
    }
  }
  return Chart(std::move(series), most_held, most_stall)
      .Draw(absl::StrCat(rows.front().trace, ", ",
                         rows.front().is_per_user ? "a machine for each user"
                                                  : "one machine"));
}

}  // namespace warmup::cli
