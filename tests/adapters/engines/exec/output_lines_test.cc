#include "adapters/engines/exec/output_lines.h"

#include <random>
#include <string>
#include <vector>

#include "tests/support/catch.h"

namespace warmup::exec {
namespace {

const absl::Time kNow = absl::UnixEpoch() + absl::Hours(1);

struct Heard {
  explicit Heard(const std::string& awaited = "")
      : lines(awaited,
              [this](std::string_view line) { told.emplace_back(line); }) {}
  std::vector<std::string> told;
  OutputLines lines;
};

TEST_CASE("OutputLines: makes lines of pieces") {
  Heard heard;
  heard.lines.Take("on", kNow);
  heard.lines.Take("e\ntwo\r\nthr", kNow);
  CHECK(heard.told == std::vector<std::string>{"one", "two"});
  heard.lines.Take("ee\n\n\n", kNow);
  heard.lines.Take("10 %\r20 %\rend", kNow);
  heard.lines.Finish(kNow);
  CHECK(heard.told ==
        std::vector<std::string>{"one", "two", "three", "10 %", "20 %", "end"});
  CHECK(heard.lines.LastWords() == "two | three | 10 % | 20 % | end");
}

TEST_CASE("OutputLines: finds the awaited part of a line") {
  for (const std::string text :
       {"server ready at 80\n", "x\nserver ready at 80", "ready", "ready\n"}) {
    // In one piece, and byte by byte.
    Heard whole("ready");
    whole.lines.Take(text, kNow);
    CHECK(whole.lines.has_seen_awaited());
    Heard cut("ready");
    for (const char c : text) cut.lines.Take(std::string(1, c), kNow);
    CHECK(cut.lines.has_seen_awaited());
  }
  Heard heard("ready");
  heard.lines.Take("rea\ndy\n", kNow);
  CHECK_FALSE(heard.lines.has_seen_awaited());
  Heard none;
  none.lines.Take("ready\n", kNow);
  CHECK_FALSE(none.lines.has_seen_awaited());
}

TEST_CASE("OutputLines: bounds what a line takes and says") {
  Heard heard("needle");
  for (int i = 0; i < 100; ++i) {
    heard.lines.Take(std::string(100'000, 'x'), kNow);
  }
  heard.lines.Take("needle\nnext\n", kNow);
  CHECK_FALSE(heard.lines.has_seen_awaited());
  REQUIRE(heard.told.size() == 2);
  CHECK(heard.told[0].size() == kMaxLineBytes);
  CHECK(heard.told[1] == "next");
  CHECK(heard.lines.LastWords() ==
        std::string(kLastWordsLineBytes, 'x') + " | next");
}

TEST_CASE("OutputLines: tells of as many lines as can be read") {
  Heard heard;
  for (int i = 0; i < 1'000; ++i) heard.lines.Take("a\n", kNow);
  CHECK(heard.told.size() == kMaxLinesPerSecond);
  heard.lines.Take("b\n", kNow + absl::Seconds(1));
  REQUIRE(heard.told.size() == kMaxLinesPerSecond + 2);
  CHECK(heard.told[kMaxLinesPerSecond] == "(980 more lines)");
  CHECK(heard.told.back() == "b");
}

TEST_CASE("OutputLines: whatever comes, what is told is printable") {
  std::mt19937_64 random(4);
  Heard heard("ready");
  absl::Time now = kNow;
  for (int i = 0; i < 2'000; ++i) {
    std::string piece(random() % 300, '\0');
    for (char& c : piece) c = static_cast<char>(random());
    heard.lines.Take(piece, now);
    now += absl::Milliseconds(100);
  }
  heard.lines.Finish(now);
  heard.told.push_back(heard.lines.LastWords());
  for (const std::string& line : heard.told) {
    for (const char c : line) REQUIRE((c >= ' ' && c <= '~'));
  }
}

}  // namespace
}  // namespace warmup::exec
