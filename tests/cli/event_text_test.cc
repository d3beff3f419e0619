#include "clients/cli/event_text.h"

#include "tests/support/catch.h"

namespace warmup::cli {
namespace {

std::string Line(const std::string& data_json) {
  v1::Event event;
  event.set_event_type("model_ready");
  event.set_source("warmupd");
  event.set_sequence(7);
  event.mutable_timestamp()->set_seconds(1714557600);
  event.set_data_json(data_json);
  const std::string line = EventLine(event, Style::Plain());
  CHECK(line.starts_with("     7  2024-05-01 "));
  return line.substr(line.find("model_ready"));
}

TEST_CASE("EventText: data is told as key=value") {
  CHECK(Line(R"({"model_id":"a","held_bytes":1024,"n":2.5,"ok":true})") ==
        "model_ready             warmupd     model_id=a held=1 KiB n=2.5 "
        "ok=true");
  CHECK(Line(R"({"reason":"makes room","empty":"","nothing":null})") ==
        "model_ready             warmupd     reason=\"makes room\"");
}

TEST_CASE("EventText: what is no object stays as it is") {
  CHECK(Line("[1,2]") == "model_ready             warmupd     [1,2]");
  CHECK(Line("{broken") == "model_ready             warmupd     {broken");
  CHECK(Line("") == "model_ready             warmupd");
}

TEST_CASE("EventText: no control character gets through") {
  CHECK(Line(R"({"a":"\u001b[2J"})").find('\033') == std::string::npos);
  CHECK(Line(R"("\u009b2J")").find('\x9b') == std::string::npos);
}

}  // namespace
}  // namespace warmup::cli
