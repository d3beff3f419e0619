#include "clients/cli/terminal.h"

#include "tests/support/catch.h"

namespace warmup::cli {
namespace {

TEST_CASE("Table: columns are as wide as their widest cell") {
  Table table({{"MODEL"}, {"SIZE", Align::kRight}});
  table.Add({"a", "9 MiB"});
  table.Add({"longer-name", "235 MiB"});
  CHECK(table.Render(Style::Plain()) ==
        "MODEL           SIZE\n"
        "a              9 MiB\n"
        "longer-name  235 MiB\n");
}

TEST_CASE("Table: a missing cell is empty, and no line ends in spaces") {
  Table table({{"A"}, {"B"}});
  CHECK(table.empty());
  table.Add({"x"});
  CHECK(table.Render(Style::Plain()) == "A  B\nx\n");
}

TEST_CASE("Style: no escapes without a colour terminal") {
  CHECK(Style::Plain().Red("text") == "text");
}

}  // namespace
}  // namespace warmup::cli
