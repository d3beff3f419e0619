#include <string>

#include "server/convert.h"
#include "server/event_service.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

Event MakeTestEvent(uint64_t sequence) {
  Event event;
  event.sequence = sequence;
  event.id = "id-" + std::to_string(sequence);
  event.type = "build_failed";
  event.source = "ci";
  event.timestamp = absl::FromUnixNanos(1'700'000'000'123'456'789);
  event.data_json = R"({"n":1})";
  event.metadata = {{"k", "v"}};
  return event;
}

TEST_CASE("EncodeEvent: several, one after another, are one response") {
  std::string bytes;
  for (uint64_t i = 1; i <= 3; ++i) bytes += EncodeEvent(MakeTestEvent(i));
  v1::SubscribeResponse response;
  REQUIRE(response.ParseFromString(bytes));
  REQUIRE(response.events_size() == 3);
  CHECK_FALSE(response.has_gap());
  for (int i = 0; i < 3; ++i) {
    v1::Event expected;
    SetEvent(MakeTestEvent(static_cast<uint64_t>(i) + 1), &expected);
    CHECK(response.events(i).SerializeAsString() ==
          expected.SerializeAsString());
  }
}

TEST_CASE("EncodeEvent: a gap may be put before them") {
  v1::SubscribeResponse gap;
  gap.mutable_gap()->set_lost_count(7);
  v1::SubscribeResponse response;
  REQUIRE(response.ParseFromString(gap.SerializeAsString() +
                                   EncodeEvent(MakeTestEvent(8))));
  CHECK(response.gap().lost_count() == 7);
  CHECK(response.events_size() == 1);
}

TEST_CASE("EventLog: what a reader gets from it parses, whatever the filter") {
  EventLog log({.max_events = 100,
                .max_bytes = 1 << 20,
                .next_sequence = 1,
                .id_prefix = "x-"},
               EncodeEvent);
  for (int i = 0; i < 10; ++i) {
    Event event = MakeTestEvent(0);
    event.id.clear();
    event.type = i % 2 == 0 ? "even" : "odd";
    const auto appended = log.Append(std::move(event));
    REQUIRE(appended.ok());
  }
  const EventLog::Batch batch = log.Read(1, {{"odd"}, {}}, 1 << 20);
  v1::SubscribeResponse response;
  REQUIRE(response.ParseFromString(batch.bytes));
  REQUIRE(response.events_size() == 5);
  CHECK(response.events(0).sequence() == 2);
  CHECK(response.events(0).event_id() == "x-2");
  CHECK(response.events(4).event_type() == "odd");
}

}  // namespace
}  // namespace warmup
