#include "demo/summary.h"

#include <string>
#include <vector>

#include "tests/support/catch.h"

namespace warmup::demo {
namespace {

RunFigures Figures(double waited_seconds, double cold, const char* page) {
  RunFigures figures;
  figures.name = "a run";
  figures.waited_seconds = waited_seconds;
  figures.warm = 90;
  figures.cold = cold;
  figures.read_bytes = 1 << 30;
  figures.lru_waited_seconds = 3;
  figures.ollama_default_waited_seconds = 4;
  figures.series = ParseMetricsPage(page);
  return figures;
}

constexpr char kPage[] = R"(# HELP warmup_demands_total Callers.
# TYPE warmup_demands_total counter
warmup_demands_total{served_as="warm"} 90
warmup_demands_total{served_as="cold"} 9
warmup_demands_total{served_as="late"} 0
warmup_demand_wait_seconds_sum{served_as="cold"} 2.5
warmup_demand_wait_seconds_sum{served_as="late"} 0.25
warmup_load_read_bytes_total 1073741824
)";

TEST_CASE("Summary: reads a page of metrics") {
  const auto series = ParseMetricsPage(
      "# HELP a_total Is not a series.\na_total{x=\"1 2\"} 5\n\nb 1e+09\r\n"
      "broken\nc not_a_number\nd NaN\n");
  CHECK(series.size() == 3);
  CHECK(series.at("a_total{x=\"1 2\"}") == 5);
  CHECK(series.at("b") == 1e9);
}

TEST_CASE("Summary: says that the pages agree with the counts") {
  const RunFigures run = Figures(2.75, 9, kPage);
  CHECK(PagesAgree({run, run}));
  const std::string text = RenderSummary({run, run}, cli::Style::Plain());
  CHECK_THAT(text, Catch::Contains("warmup_load_read_bytes_total"));
  CHECK_THAT(text, Catch::Contains("1073741824"));
  CHECK_THAT(text, Catch::Contains("agrees"));
  CHECK_THAT(text, !Catch::Contains("DIFFERS"));
}

TEST_CASE("Summary: says where a page differs from the counts") {
  const RunFigures run = Figures(2.75, 9, kPage);
  for (const RunFigures& other :
       {Figures(2.8, 9, kPage), Figures(2.75, 8, kPage),
        Figures(2.75, 9, "")}) {
    CHECK_FALSE(PagesAgree({run, other}));
    CHECK_THAT(RenderSummary({run, other}, cli::Style::Plain()),
               Catch::Contains("DIFFERS"));
  }
}

TEST_CASE("Summary: tells the change, also where it is for the worse") {
  const std::string text = RenderSummary(
      {Figures(2, 8, kPage), Figures(1.5, 10, kPage)}, cli::Style::Plain());
  CHECK_THAT(text, Catch::Contains("-25 %"));
  CHECK_THAT(text, Catch::Contains("+25 %"));
  CHECK_THAT(text, Catch::Contains("same"));
}

TEST_CASE("Summary: tells what the daemon's shadows say, and how true it is") {
  const std::string text = RenderSummary(
      {Figures(2, 8, kPage), Figures(1.5, 10, kPage)}, cli::Style::Plain());
  CHECK_THAT(text, Catch::Contains("LRU would have waited 3 s (-50 %)"));
  CHECK_THAT(text, Catch::Contains("Ollama's default 4 s (-62 %)"));
  CHECK_THAT(text, Catch::Contains("shadow says 3 s where 2 s"));
  CHECK_THAT(text, Catch::Contains("measured: 150 %."));
}

}  // namespace
}  // namespace warmup::demo
