#include "clients/cli/replay/reliability_chart.h"

#include "tests/cli/replay/count.h"
#include "tests/support/catch.h"

namespace warmup::cli {
namespace {

TEST_CASE("ReliabilityChart: a dot for each class that has cases") {
  replay::Reliability reliability{};
  auto& hour = reliability[foresight::kHour];
  hour.cases = 110;
  hour.brier = 11;
  hour.log_loss = 22;
  hour.bins[5] = {.cases = 100, .forecast = 27, .outcome = 25};
  hour.bins[19] = {.cases = 10, .forecast = 9.7, .outcome = 9.5};
  const std::string svg = ReliabilityChart("use & more", reliability);
  CHECK(svg.starts_with("<svg "));
  CHECK(svg.ends_with("</svg>\n"));
  CHECK(Count(svg, ">use &amp; more<") == 1);
  CHECK(Count(svg, "<circle") == 2);
  CHECK(Count(svg, ">forecast 27.0 %, came true 25.0 %, 100 cases<") == 1);
  // Few cases, and so hollow.
  CHECK(Count(svg, "fill=\"white\" stroke=\"#0072b2\"") == 1);
  CHECK(
      Count(svg, ">log loss 0.2000, Brier 0.1000, calibration error 0.0200<") ==
      1);
  CHECK(Count(svg, ">no cases<") == foresight::kHeads - 1);
  CHECK(Count(svg, "nan") == 0);
}

}  // namespace
}  // namespace warmup::cli
