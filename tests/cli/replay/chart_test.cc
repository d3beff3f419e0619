#include "clients/cli/replay/chart.h"

#include "tests/cli/replay/count.h"
#include "tests/cli/replay/some_rows.h"
#include "tests/support/catch.h"

namespace warmup::cli {
namespace {

TEST_CASE("ReplayChart: a point for each policy, the mean of its seeds") {
  ReplayRow other_seed = SomeRow();
  other_seed.seed = 2;
  other_seed.result.tally.stall = 10'400'000;
  ReplayRow yardstick = SomeRow();
  yardstick.policy = "belady";
  yardstick.sees_future = true;
  const std::string svg = ReplayChart({SomeRow(), other_seed, yardstick});
  CHECK(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  CHECK(svg.ends_with("</svg>\n"));
  CHECK(Count(svg, "<circle") == 2 + 2);  // and the legend
  CHECK(Count(svg, "<title>lru, f0.5: 2.00 GiB, 8 s</title>") == 1);
  CHECK(Count(svg, "<title>belady, f0.5: 2.00 GiB, 6 s</title>") == 1);
  CHECK(Count(svg, "belady (sees the future)") == 1);
  // 2 of 2 GiB, 8.4 of 10 s.
  CHECK(Count(svg, "<circle cx=\"600.0\" cy=\"101.1\"") == 1);
}

TEST_CASE("ReplayChart: the points of one policy are joined over the budgets") {
  ReplayRow more = SomeRow();
  more.budget = "f0.7";
  more.result.tally.occupied *= 2;
  const size_t lines = Count(ReplayChart({SomeRow()}), "<line");
  const std::string svg = ReplayChart({SomeRow(), more});
  CHECK(Count(svg, "<circle") == 2 + 1);
  CHECK(Count(svg, "stroke=\"#0072b2\"/>") == 1);
  CHECK(lines > 10);
}

TEST_CASE("ReplayChart: names are escaped, and all at zero is no harm") {
  ReplayRow row = SomeRow();
  row.trace = "<a & \"b\">";
  row.result = {};
  const std::string svg = ReplayChart({row});
  CHECK(Count(svg, "&lt;a &amp; &quot;b&quot;&gt;, one machine") == 1);
  CHECK(Count(svg, "nan") == 0);
  CHECK(Count(svg, "inf") == 0);
}

}  // namespace
}  // namespace warmup::cli
