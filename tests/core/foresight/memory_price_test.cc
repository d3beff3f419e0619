#include "core/foresight/memory_price.h"

#include "tests/support/catch.h"

namespace warmup::foresight {
namespace {

TEST_CASE("MemoryPrice: a word or a number") {
  CHECK(*ParseMemoryPrice("eager") == 0);
  CHECK(*ParseMemoryPrice("balanced") > 0);
  CHECK(*ParseMemoryPrice("frugal") > *ParseMemoryPrice("balanced"));
  CHECK(*ParseMemoryPrice("0.5") == 0.5);
  CHECK(*ParseMemoryPrice("0") == 0);
}

TEST_CASE("MemoryPrice: anything else is refused, with what there is") {
  for (const char* text : {"", "cheap", "-1", "nan", "inf", "1e9", "1 s"}) {
    const auto price = ParseMemoryPrice(text);
    REQUIRE(absl::IsInvalidArgument(price.status()));
    CHECK(price.status().ToString().find("frugal") != std::string::npos);
  }
}

}  // namespace
}  // namespace warmup::foresight
