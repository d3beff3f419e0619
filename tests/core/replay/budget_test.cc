#include "core/replay/budget.h"

#include "tests/support/catch.h"

namespace warmup::replay {
namespace {

Catalogue Sizes(int64_t footprint_mib, int64_t median_mib) {
  Catalogue catalogue;
  catalogue.footprint_mib = footprint_mib;
  catalogue.median_mib = median_mib;
  return catalogue;
}

int64_t Mib(const std::string& text, const Catalogue& catalogue) {
  const absl::StatusOr<Budget> budget = ParseBudget(text);
  REQUIRE(budget.ok());
  CHECK(budget->text == text);
  return MibOf(*budget, catalogue);
}

TEST_CASE("Budget: a part of the footprint, times the median item, or MiB") {
  CHECK(Mib("f0.15", Sizes(250'600, 4'700)) == 37'590);
  CHECK(Mib("m3", Sizes(250'600, 4'700)) == 14'100);
  CHECK(Mib("b8000", Sizes(250'600, 4'700)) == 8'000);
}

TEST_CASE("Budget: is rounded down, by decimals and not by doubles") {
  CHECK(Mib("f0.15", Sizes(1'019, 1)) == 152);  // 152.85
  CHECK(Mib("f0.29", Sizes(100, 1)) == 29);     // a double has 28.999...
  CHECK(Mib("m2.5", Sizes(1, 3)) == 7);
  CHECK(Mib("f1000000", Sizes(200'000'000'000, 1)) == 200'000'000'000'000'000);
}

TEST_CASE("Budget: what is none is named, with what would be one") {
  const auto error = [](const std::string& text) {
    return std::string(ParseBudget(text).status().message());
  };
  const std::string form =
      " is no budget: f0.15 is a part of the footprint, m3 times the median "
      "item, b8000 MiB";
  for (const char* text :
       {"", "f", "x3", "0.15", "f0.1.5", "f-1", "fnan", "f1e3", "m 3", "f."}) {
    CAPTURE(text);
    CHECK(error(text) == "'" + std::string(text) + "'" + form);
  }
  CHECK(error("b1.5") == "'b1.5' is no whole number of MiB");
  CHECK(error("f0") == "'f0' is no memory at all");
  CHECK(error("f0.0000001") == "'f0.0000001' is no memory at all");
  CHECK(error("f1000001") == "'f1000001' is more than any machine has");
  CHECK(error("b1000000001") == "'b1000000001' is more than any machine has");
}

}  // namespace
}  // namespace warmup::replay
