#include "core/events/event_log.h"

#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/limits.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

// "<sequence>:<type>;": readable, and concatenates like a repeated field.
std::string Encode(const Event& event) {
  return std::to_string(event.sequence) + ":" + event.type + ";";
}

EventLog::Options SmallOptions() {
  return {.max_events = 10,
          .max_bytes = size_t{1} << 20,
          .next_sequence = 1,
          .id_prefix = "run-1-"};
}

Event MakeEvent(std::string type, std::string source = "test") {
  Event event;
  event.type = std::move(type);
  event.source = std::move(source);
  return event;
}

void AppendMany(EventLog& log, int count, const std::string& type = "t") {
  for (int i = 0; i < count; ++i) REQUIRE(log.Append(MakeEvent(type)).ok());
}

TEST_CASE("EventFilter: types match whole or by prefix, sources whole") {
  const Event event = MakeEvent("model.ready", "warmupd");
  CHECK(EventFilter{}.Matches(event));
  CHECK(EventFilter{{"model.ready"}, {}}.Matches(event));
  CHECK(EventFilter{{"other", "model.*"}, {}}.Matches(event));
  CHECK(EventFilter{{"*"}, {}}.Matches(event));
  CHECK_FALSE(EventFilter{{"model"}, {}}.Matches(event));
  CHECK_FALSE(EventFilter{{"session.*"}, {}}.Matches(event));
  CHECK_FALSE(EventFilter{{""}, {}}.Matches(event));
  CHECK(EventFilter{{"model.*"}, {"x", "warmupd"}}.Matches(event));
  CHECK_FALSE(EventFilter{{"model.*"}, {"x"}}.Matches(event));
}

TEST_CASE("EventLog: gives sequences without holes and unique ids") {
  EventLog::Options options = SmallOptions();
  options.next_sequence = 41;
  EventLog log(options, Encode);
  Event named = MakeEvent("a");
  named.id = "mine";
  CHECK(log.Append(named)->id == "mine");
  const auto second = log.Append(MakeEvent("b"));
  REQUIRE(second.ok());
  CHECK(second->sequence == 42);
  CHECK(second->id == "run-1-42");
  CHECK(log.next_sequence() == 43);
}

TEST_CASE("EventLog: an event too large is refused and uses no sequence") {
  EventLog log(SmallOptions(), [](const Event& event) {
    return std::string(event.data_json.size(), 'x');
  });
  Event event = MakeEvent("t");
  event.data_json.assign(limits::kMaxEventBytes + 1, 'x');
  CHECK(log.Append(event).status().code() ==
        absl::StatusCode::kInvalidArgument);
  CHECK(log.next_sequence() == 1);
  event.data_json.assign(limits::kMaxEventBytes, 'x');
  CHECK(log.Append(event)->sequence == 1);
  CHECK(log.Read(1, {}, 1).bytes.size() == limits::kMaxEventBytes);
}

TEST_CASE("EventLog: a reader gets everything from its cursor, once") {
  EventLog log(SmallOptions(), Encode);
  AppendMany(log, 3);
  EventLog::Batch batch = log.Read(1, {}, 1000);
  CHECK(batch.bytes == "1:t;2:t;3:t;");
  CHECK(batch.count == 3);
  CHECK(batch.lost == 0);
  CHECK(batch.next_sequence == 4);
  batch = log.Read(batch.next_sequence, {}, 1000);
  CHECK(batch.count == 0);
  CHECK(batch.next_sequence == 4);
  AppendMany(log, 1);
  CHECK(log.Read(4, {}, 1000).bytes == "4:t;");
}

TEST_CASE("EventLog: cursors at the edges") {
  EventLog log(SmallOptions(), Encode);
  CHECK(log.Read(0, {}, 1000).next_sequence == 1);
  CHECK(log.Read(99, {}, 1000).next_sequence == 1);
  AppendMany(log, 1);
  CHECK(log.Read(0, {}, 1000).bytes == "1:t;");
  CHECK(log.Read(0, {}, 1000).lost == 0);
  CHECK(log.Read(99, {}, 1000).next_sequence == 2);
}

TEST_CASE("EventLog: a batch is bounded by bytes but has one event at least") {
  EventLog log(SmallOptions(), Encode);
  AppendMany(log, 3);
  CHECK(log.Read(1, {}, 8).bytes == "1:t;2:t;");
  CHECK(log.Read(1, {}, 11).next_sequence == 3);
  CHECK(log.Read(2, {}, 0).bytes == "2:t;");
}

TEST_CASE("EventLog: a filter skips, and the cursor moves past") {
  EventLog log(SmallOptions(), Encode);
  for (const char* type : {"a", "b", "b", "a", "b"}) AppendMany(log, 1, type);
  const EventFilter only_a{{"a"}, {}};
  EventLog::Batch batch = log.Read(1, only_a, 1000);
  CHECK(batch.bytes == "1:a;4:a;");
  CHECK(batch.next_sequence == 6);
  batch = log.Read(5, only_a, 1000);
  CHECK(batch.count == 0);
  CHECK(batch.next_sequence == 6);
  batch = log.Read(1, {{"b"}, {}}, 8);
  CHECK(batch.bytes == "2:b;3:b;");
  CHECK(log.Read(batch.next_sequence, {{"b"}, {}}, 8).bytes == "5:b;");
}

TEST_CASE("EventLog: the gap of a reader that fell behind is exact") {
  EventLog log(SmallOptions(), Encode);
  AppendMany(log, 10);
  CHECK(log.Read(1, {}, 1000).lost == 0);
  AppendMany(log, 1);
  EventLog::Batch batch = log.Read(1, {}, 1000);
  CHECK(batch.lost == 1);
  CHECK(batch.count == 10);
  CHECK(batch.bytes.substr(0, 4) == "2:t;");
  AppendMany(log, 1000);
  batch = log.Read(5, {}, 1000);
  // 1011 in all, the last ten kept: 1002 to 1011.
  CHECK(batch.lost == 1002 - 5);
  CHECK(batch.count == 10);
  CHECK(batch.next_sequence == 1012);
  // A filter does not hide the gap.
  batch = log.Read(5, {{"none"}, {}}, 1000);
  CHECK(batch.lost == 1002 - 5);
  CHECK(batch.count == 0);
  CHECK(batch.next_sequence == 1012);
}

TEST_CASE("EventLog: batches of any size cross segments without a seam") {
  EventLog::Options options = SmallOptions();
  options.max_events = 5000;
  options.max_bytes = size_t{8} << 20;
  EventLog log(options, Encode);
  std::string expected;
  for (int i = 0; i < 5000; ++i)
    expected += Encode(*log.Append(MakeEvent("t")));
  for (const size_t max_bytes : {1u, 100u, 4096u, 1u << 20}) {
    std::string read;
    uint64_t cursor = 1;
    size_t count = 0;
    while (true) {
      const EventLog::Batch batch = log.Read(cursor, {}, max_bytes);
      if (batch.count == 0) break;
      CHECK(batch.lost == 0);
      read += batch.bytes;
      count += batch.count;
      cursor = batch.next_sequence;
    }
    CHECK(count == 5000);
    CHECK(read == expected);
  }
}

TEST_CASE("EventLog: recent events come oldest first, newest kept") {
  EventLog log(SmallOptions(), Encode);
  CHECK(log.Recent({}, 5).empty());
  for (int i = 0; i < 12; ++i) AppendMany(log, 1, i % 2 == 0 ? "a" : "b");
  std::vector<Event> events = log.Recent({}, 3);
  REQUIRE(events.size() == 3);
  CHECK(events[0].sequence == 10);
  CHECK(events[2].sequence == 12);
  events = log.Recent({{"a"}, {}}, 100);
  REQUIRE(events.size() == 5);  // 3, 5, 7, 9, 11: the log keeps ten
  CHECK(events[0].sequence == 3);
  CHECK(events[4].sequence == 11);
}

TEST_CASE("EventLog: a restored run goes on where it ended") {
  EventLog::Options options = SmallOptions();
  options.next_sequence = 8;
  std::vector<Event> events;
  for (const uint64_t sequence : {2, 3, 5, 6, 7}) {
    events.push_back(MakeEvent("t"));
    events.back().sequence = sequence;
    events.back().id = "old";
  }
  EventLog log(options, Encode);
  log.Restore(events);
  AppendMany(log, 1);
  const EventLog::Batch batch = log.Read(2, {}, 1000);
  CHECK(batch.bytes == "5:t;6:t;7:t;8:t;");
  CHECK(batch.lost == 3);  // 2, 3, 4: only the unbroken run is kept
  CHECK(log.Recent({}, 2)[0].id == "old");

  EventLog unrelated(options, Encode);
  events.pop_back();
  unrelated.Restore(events);
  CHECK(unrelated.Read(1, {}, 1000).count == 0);
  CHECK(unrelated.next_sequence() == 8);
}

TEST_CASE("EventLog: memory stays within its bound whatever the sizes") {
  EventLog::Options options = SmallOptions();
  options.max_events = 1'000'000;
  options.max_bytes = size_t{2} << 20;
  EventLog log(options, [](const Event& event) { return event.data_json; });
  // A reader stalls at 1 for the whole test: it is only a number.
  uint64_t seed = 12345;
  for (int i = 0; i < 20'000; ++i) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    Event event = MakeEvent("t");
    event.metadata["key"] = std::string((seed >> 40) % 50, 'm');
    event.data_json.assign((seed >> 33) % (i % 100 == 0 ? 60'000 : 600), 'x');
    REQUIRE(log.Append(event).ok());
    REQUIRE(log.memory_bytes() <= options.max_bytes);
  }
  const EventLog::Batch batch = log.Read(1, {}, size_t{64} << 20);
  CHECK(batch.lost + batch.count == 20'000);
  CHECK(batch.lost > 0);
  CHECK(batch.count > 1000);
}

TEST_CASE("EventLog: publishers and readers at once lose and mix nothing") {
  constexpr int kPublishers = 3;
  constexpr int kEach = 3000;
  EventLog::Options options = SmallOptions();
  options.max_events = 500;
  EventLog log(options, Encode);
  std::atomic<bool> is_done = false;
  std::vector<std::thread> readers;
  std::atomic<int> failures = 0;
  for (int r = 0; r < 3; ++r) {
    readers.emplace_back([&, r] {
      const EventFilter filter =
          r == 0 ? EventFilter{} : EventFilter{{"p" + std::to_string(r)}, {}};
      uint64_t cursor = 1;
      uint64_t seen = 0;
      while (true) {
        const bool was_done = is_done;
        const EventLog::Batch batch = log.Read(cursor, filter, 2000);
        // Every position is delivered, filtered or told as lost.
        const uint64_t moved = batch.next_sequence - cursor;
        if (batch.lost + batch.count > moved) ++failures;
        if (r == 0 && batch.lost + batch.count != moved) ++failures;
        if (log.Recent(filter, 5).size() > 5) ++failures;
        seen += moved;
        cursor = batch.next_sequence;
        if (was_done && moved == 0) break;
      }
      if (seen != uint64_t{kPublishers} * kEach) ++failures;
    });
  }
  std::vector<std::thread> publishers;
  for (int p = 0; p < kPublishers; ++p) {
    publishers.emplace_back([&log, &failures, p] {
      for (int i = 0; i < kEach; ++i) {
        if (!log.Append(MakeEvent("p" + std::to_string(p))).ok()) ++failures;
      }
    });
  }
  for (std::thread& thread : publishers) thread.join();
  is_done = true;
  for (std::thread& thread : readers) thread.join();
  CHECK(failures == 0);
  CHECK(log.next_sequence() == kPublishers * kEach + 1);
}

}  // namespace
}  // namespace warmup
