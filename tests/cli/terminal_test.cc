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

TEST_CASE("Table: a note below a row does not widen its columns") {
  Table table({{"A"}, {"B"}});
  table.Add({"x", "y"});
  table.AddNote("  because of this and that");
  table.Add({"z", "w"});
  CHECK(table.Render(Style::Plain()) ==
        "A  B\nx  y\n  because of this and that\nz  w\n");
}

TEST_CASE("Fields: values stand below each other, empty ones are left out") {
  Fields fields;
  fields.Add("a", "1");
  fields.Add("empty", "");
  fields.Add("long", "2");
  CHECK(fields.Render(Style::Plain()) == "a     1\nlong  2\n");
}

TEST_CASE("Style: no escapes without a colour terminal") {
  CHECK(Style::Plain().Red("text") == "text");
}

}  // namespace
}  // namespace warmup::cli
