#include "adapters/engines/http/sse_reader.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

using Events = std::vector<std::pair<std::string, std::string>>;

// The events in these pieces, as (type, data).
Events ReadAll(const std::vector<std::string>& pieces,
               size_t max_event_bytes = 100, int64_t* dropped = nullptr) {
  Events events;
  SseReader reader(
      [&](const SseEvent& event) {
        events.emplace_back(event.type, event.data);
      },
      max_event_bytes);
  for (const std::string& piece : pieces) {
    // A copy of exactly that size, so that ASan sees the first byte too far.
    const std::unique_ptr<char[]> copy(new char[piece.size()]);
    std::copy(piece.begin(), piece.end(), copy.get());
    reader.Read({copy.get(), piece.size()});
  }
  if (dropped != nullptr) *dropped = reader.dropped();
  return events;
}

Events ReadText(const std::string& text) { return ReadAll({text}); }

constexpr char kStream[] =
    "\xEF\xBB\xBFretry: 10\n\n: a comment\nevent:message\ndata:{\"a\":1}\n\n"
    "id: 7\r\nevent: two lines\r\ndata: first\r\ndata: second\r\n\r\n"
    "data\rdata:  two spaces\r\r"
    "data:\n\nevent: without data\n\nunknown: x\ndata:y\n:\n\ndata: cut";

const Events kEvents = {{"message", "{\"a\":1}"},
                        {"two lines", "first\nsecond"},
                        {"message", "\n two spaces"},
                        {"message", ""},
                        {"message", "y"}};

}  // namespace

TEST_CASE("SseReader: reads all that the standard allows") {
  CHECK(ReadText(kStream) == kEvents);
}

TEST_CASE("SseReader: split at any byte the events are the same") {
  const std::string text = kStream;
  for (size_t at = 0; at <= text.size(); ++at) {
    CAPTURE(at);
    CHECK(ReadAll({text.substr(0, at), "", text.substr(at)}) == kEvents);
  }
  std::vector<std::string> bytes;
  for (const char byte : text) bytes.emplace_back(1, byte);
  CHECK(ReadAll(bytes) == kEvents);
}

TEST_CASE("SseReader: an event ends at an empty line, whatever ends lines") {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    CHECK(ReadText("data:a" + end + end + "data:b" + end + end) ==
          Events{{"message", "a"}, {"message", "b"}});
    // The empty line has not come yet.
    CHECK(ReadText("data:a" + end).empty());
  }
  // CRLF is one end of a line, not two.
  CHECK(ReadText("data:a\r\ndata:b\r\n\r\n") == Events{{"message", "a\nb"}});
}

TEST_CASE("SseReader: a type is that of its event only") {
  CHECK(ReadText("event:x\n\ndata:a\n\n") == Events{{"message", "a"}});
  CHECK(ReadText("event:x\ndata:a\n\ndata:b\n\n") ==
        Events{{"x", "a"}, {"message", "b"}});
}

TEST_CASE("SseReader: an event of just the bound is read") {
  const std::string data(93, 'x');  // "data: " and the data are 99 bytes
  CHECK(ReadText("data: " + data + "\n\n") == Events{{"message", data}});
}

TEST_CASE("SseReader: what is too long is dropped, what follows is read") {
  const std::string line = absl::StrCat("data:", std::string(60, 'x'), "\n");
  const std::string flood(5'000, 'x');
  const auto [text, drops] = GENERATE_COPY(table<std::string, int64_t>({
      {absl::StrCat("data:", flood, "\ndata:y\n\n"), 1},
      {absl::StrCat(line, line, "\n"), 1},
      {absl::StrCat("data:y\nevent:", flood, "\n\n"), 1},
      {absl::StrCat(flood, "\n\n"), 1},
      {absl::StrCat(line, line, "\n", line, line, "\n"), 2},
      {absl::StrCat(":", flood, "\n\n"), 0},
  }));
  const std::string whole = absl::StrCat(text, "event:z\ndata:a\n\n");
  int64_t dropped = 0;
  CHECK(ReadAll({whole}, 100, &dropped) == Events{{"z", "a"}});
  CHECK(dropped == drops);
  for (size_t at = 0; at <= whole.size(); at += 7) {
    CHECK(ReadAll({whole.substr(0, at), whole.substr(at)}) ==
          Events{{"z", "a"}});
  }
}

TEST_CASE("SseReader: a comment without end drops nothing") {
  CHECK(ReadAll({"data:a\n:", std::string(5'000, 'x'), "x\n\n"}) ==
        Events{{"message", "a"}});
}

TEST_CASE("SseReader: mutations are read the same in one piece and in many") {
  const std::string sample = kStream;
  for (uint64_t seed = 0; seed < 3'000; ++seed) {
    std::mt19937_64 random(seed);
    std::string text = sample;
    for (size_t count = 1 + random() % 4; count > 0; --count) {
      const size_t at = random() % text.size();
      switch (random() % 5) {
        case 0:
          text[at] = static_cast<char>(random());
          break;
        case 1:
          text.erase(at, 1 + random() % 8);
          break;
        case 2:
          text.insert(at, text.substr(random() % text.size(), random() % 50));
          break;
        case 3:
          text.insert(at, std::string(random() % 150, 'x'));
          break;
        default:
          text.insert(at, "\n\r\n\r:"[random() % 5] + std::string("data"));
          break;
      }
      if (text.empty()) text = "x";
    }
    std::vector<std::string> pieces;
    for (size_t at = 0; at < text.size();) {
      const size_t size = 1 + random() % 20;
      pieces.push_back(text.substr(at, size));
      at += size;
    }
    int64_t dropped = 0;
    int64_t dropped_of_pieces = 0;
    CAPTURE(seed, text);
    const Events events = ReadAll({text}, 100, &dropped);
    CHECK(ReadAll(pieces, 100, &dropped_of_pieces) == events);
    CHECK(dropped == dropped_of_pieces);
    for (const auto& [type, data] : events) CHECK(data.size() <= 100);
  }
}

}  // namespace warmup
