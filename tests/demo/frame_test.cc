#include "demo/frame.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_join.h"
#include "clients/cli/format.h"
#include "tests/support/catch.h"

namespace warmup::demo {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'733'341'474);

RequestRow Row(const std::string& model, Outcome outcome,
               absl::Duration waited) {
  RequestRow row;
  row.recorded = kNow;
  row.model = model;
  row.outcome = outcome;
  row.waited = waited;
  row.rank = 1;
  return row;
}

// The second run, as it is after two requests.
Board SomeBoard() {
  Board board;
  board.run = 2;
  board.is_predicting = true;
  board.requests_in_all = 100;
  board.recorded_length = "2 d";
  board.announced = "a session opened with coder";
  board.memory_budget_bytes = int64_t{790} << 20;
  for (const char* id : {"chat", "coder", "some/model/with/a/very/long/name"}) {
    board.models.push_back({.id = id, .size_bytes = int64_t{50} << 20});
  }
  board.models[1].state = ModelState::kReady;
  board.models[1].is_guess = true;
  board.models[1].held_bytes = int64_t{50} << 20;
  board.models[1].probability = 0.75;
  board.models[1].reason = "announced by this session 1 s ago";
  board.tallies.resize(2);
  const auto cold = Row("chat", Outcome::kCold, absl::Milliseconds(200));
  board.tallies[0].Add(cold);
  board.tallies[0].Add(Row("coder", Outcome::kCold, absl::Milliseconds(300)));
  board.tallies[0].Add(Row("coder", Outcome::kWarm, absl::ZeroDuration()));
  board.tallies[1].Add(cold);
  board.requests.push_back(cold);
  board.events = {"first event", "second event", "third event", "last event"};
  board.events_received = 12;
  return board;
}

std::string Text(const Board& board, cli::TerminalSize size) {
  return absl::StrJoin(RenderFrame(board, cli::Style::Plain(), size, kNow),
                       "\n");
}

TEST_CASE("Frame: fits every terminal") {
  Board board = SomeBoard();
  for (int i = 0; i < 20; ++i) board.requests.push_back(board.requests[0]);
  for (const int columns : {1, 20, 80, 100, 200}) {
    for (const int rows : {1, 5, 24, 40, 100}) {
      CAPTURE(columns, rows);
      const auto lines =
          RenderFrame(board, cli::Style::Plain(), {columns, rows}, kNow);
      CHECK(lines.size() <= static_cast<size_t>(std::max(rows - 1, 1)));
      for (const std::string& line : lines) {
        CHECK(cli::DisplayWidth(line) <= columns);
      }
    }
  }
}

TEST_CASE("Frame: is as high with little to show as with much") {
  Board full = SomeBoard();
  for (int i = 0; i < 20; ++i) full.requests.push_back(full.requests[0]);
  full.waiting = Waiting{kNow, "coder", kNow};
  Board empty = SomeBoard();
  empty.requests.clear();
  empty.events.clear();
  for (const int rows : {20, 24, 30, 60}) {
    const auto height = [&](const Board& board) {
      return RenderFrame(board, cli::Style::Plain(), {100, rows}, kNow).size();
    };
    CHECK(height(full) == height(empty));
  }
}

TEST_CASE("Frame: tells what is predicted, warm, waited for and announced") {
  Board board = SomeBoard();
  board.models[0].state = ModelState::kLoading;
  board.models[0].progress = 0.5;
  board.models[0].waiters = 1;
  board.waiting = Waiting{kNow, "chat", kNow - absl::Milliseconds(120)};
  const std::string text = Text(board, {140, 50});
  CHECK_THAT(text, Catch::Contains("run 2 of 2: prediction on"));
  CHECK_THAT(text, Catch::Contains("1 of 100 requests"));
  CHECK_THAT(text, Catch::Contains("● ready ahead"));
  CHECK_THAT(text, Catch::Contains("75 %"));
  CHECK_THAT(text, Catch::Contains("announced by this session 1 s ago"));
  CHECK_THAT(text, Catch::Contains("not in sight"));
  CHECK_THAT(text, Catch::Contains("1 waits"));
  CHECK_THAT(text, Catch::Contains("… waits     120 ms"));
  CHECK_THAT(text, Catch::Contains("a session opened with coder"));
  CHECK_THAT(text, Catch::Contains("12 events"));
  CHECK_THAT(text, Catch::Contains("last event"));
  CHECK_THAT(text, !Catch::Contains("first event"));
}

TEST_CASE("Frame: compares with the first run at the same request") {
  const std::string text = Text(SomeBoard(), {100, 50});
  const size_t at = text.find("waited, on demand");
  REQUIRE(at != std::string::npos);
  const std::string line = text.substr(at, text.find('\n', at) - at);
  CHECK_THAT(line, Catch::Contains("200 ms"));
  CHECK_THAT(line, Catch::Contains("at this point of run 1"));
}

TEST_CASE("Frame: a request as a line names what was warmed ahead") {
  const Board board = SomeBoard();
  const std::string line =
      RenderLine(board.requests[0], board, cli::Style::Plain());
  CHECK_THAT(line, Catch::Contains("  1  Wed 19:44:34  chat "));
  CHECK_THAT(line, Catch::Contains("○ cold"));
  CHECK_THAT(line, Catch::Contains("200 ms"));
  CHECK_THAT(line, Catch::Contains("forecast: likeliest"));
  CHECK_THAT(line, Catch::EndsWith("warmed ahead: coder"));
}

}  // namespace
}  // namespace warmup::demo
