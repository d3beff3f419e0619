#include "core/predict/names.h"

#include "tests/support/catch.h"

namespace warmup::predict {
namespace {

TEST_CASE("NameTable: gives one number to one name") {
  NameTable names(10);
  const auto a = names.Intern("a");
  const auto b = names.Intern("b");
  REQUIRE(a.has_value());
  REQUIRE(b.has_value());
  CHECK(*a != *b);
  CHECK(names.Intern("a") == a);
  CHECK(names.Name(*b) == "b");
  CHECK_FALSE(names.Find("c").has_value());
}

TEST_CASE("NameTable: reuses the numbers of released names") {
  NameTable names(2);
  const auto a = names.Intern("a");
  names.Intern("b");
  CHECK_FALSE(names.Intern("c").has_value());
  names.Release(*a);
  CHECK_FALSE(names.Find("a").has_value());
  CHECK(names.Intern("c") == a);
  CHECK(names.size() == 2);
}

}  // namespace
}  // namespace warmup::predict
