// warmup.v1.EventService of a real daemon, and what is no proper message.

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>

#include <string>

#include "core/base/limits.h"
#include "tests/integration/served_daemon.h"

namespace warmup {
namespace {

using grpc::StatusCode;

v1::Event Publish(Client& client, const std::string& event) {
  return client
      .Ask(&Events::Publish,
           "event { event_type: 't' source: 'test' " + event + " }")
      .Must()
      .event();
}

std::vector<v1::Event> Read(AnswerStream<v1::SubscribeResponse>& stream,
                            size_t count) {
  std::vector<v1::Event> events;
  while (events.size() < count) {
    const auto response = stream.Next();
    if (!response.has_value()) break;
    events.insert(events.end(), response->events().begin(),
                  response->events().end());
  }
  return events;
}

TEST_CASE("Publish: an event gets its id, time and sequence") {
  ServedDaemon served;
  const v1::Event first = Publish(
      served.client,
      "data_json: '{\"n\": 1}' metadata { key: 'k' value: 'v' } sequence: 77");
  CHECK(first.sequence() == 1);
  CHECK_FALSE(first.event_id().empty());
  CHECK(first.data_json() == "{\"n\": 1}");
  CHECK(first.metadata().at("k") == "v");
  CHECK(absl::AbsDuration(absl::FromUnixSeconds(first.timestamp().seconds()) -
                          absl::Now()) < absl::Seconds(30));
  const v1::Event second = Publish(served.client, "event_id: 'mine'");
  CHECK(second.sequence() == 2);
  CHECK(second.event_id() == "mine");
  CHECK(second.data_json() == "{}");
}

TEST_CASE("Publish: what is wrong is named, and nobody hears of it") {
  ServedDaemon served;
  const auto status = [&](const std::string& event) {
    return served.client.Ask(&Events::Publish, "event { " + event + " }")
        .status;
  };
  const std::string good = "event_type: 't' source: 's' ";
  CheckInvalid(served.client.Ask(&Events::Publish).status, "event.event_type");
  CheckInvalid(status("event_type: 't'"), "event.source");
  CheckInvalid(status("event_type: 'two words' source: 's'"),
               "event.event_type");
  CheckInvalid(status("event_type: 't' source: 'warmupd'"), "event.source");
  CheckInvalid(status(good + "event_id: 'two words'"), "event.event_id");
  CheckInvalid(status(good + "data_json: '{'"), "event.data_json");
  CheckInvalid(status(good + "data_json: 'NaN'"), "event.data_json");
  CheckInvalid(
      status(good + "data_json: '\"" + std::string(65'536, 'x') + "\"'"),
      "event.data_json");
  std::string metadata;
  for (int i = 0; i <= 64; ++i) {
    metadata += "metadata { key: '" + std::to_string(i) + "' value: '' }";
  }
  CheckInvalid(status(good + metadata), "event.metadata");
  // Each part is within its bounds, together they are not.
  CheckError(status(good + "data_json: '\"" + std::string(40'000, 'x') +
                    "\"' metadata { key: 'k' value: '" +
                    std::string(40'000, 'v') + "' }"),
             StatusCode::INVALID_ARGUMENT, "EVENT_TOO_LARGE",
             {{"field", "event"}});
  CHECK(served.EventTypes().empty());
  // Almost 64 KiB pass.
  CHECK(
      status(good + "data_json: '\"" + std::string(65'000, 'x') + "\"'").ok());
  CHECK(served.EventTypes().size() == 1);
}

TEST_CASE("Subscribe: from what is new, from a sequence, from all there is") {
  ServedDaemon served;
  Publish(served.client, "event_id: 'a'");
  Publish(served.client, "event_id: 'b'");
  auto all = served.client.Open(&Events::Subscribe, "from_sequence: 0");
  auto second = served.client.Open(&Events::Subscribe, "from_sequence: 2");
  auto next = served.client.Open(&Events::Subscribe, "from_sequence: 3");
  CHECK(Read(all, 2).size() == 2);
  const auto from_second = Read(second, 1);
  REQUIRE(from_second.size() == 1);
  CHECK(from_second[0].event_id() == "b");
  Publish(served.client, "event_id: 'c'");
  const auto from_next = Read(next, 1);
  REQUIRE(from_next.size() == 1);
  CHECK(from_next[0].event_id() == "c");
  const auto rest = Read(all, 1);
  REQUIRE(rest.size() == 1);
  CHECK(rest[0].sequence() == 3);
  auto ahead = served.client.Open(&Events::Subscribe, "from_sequence: 5");
  CheckError(ahead.Finish(), StatusCode::OUT_OF_RANGE, "SEQUENCE_AHEAD",
             {{"field", "from_sequence"}, {"next_sequence", "4"}});
}

TEST_CASE("Subscribe: by type, by prefix and by source") {
  ServedDaemon served;
  const auto publish = [&](const std::string& type, const std::string& source) {
    served.client
        .Ask(&Events::Publish,
             "event { event_type: '" + type + "' source: '" + source + "' }")
        .Must();
  };
  publish("build_failed", "ci");
  publish("build_passed", "ci");
  publish("build_failed", "ide");
  publish("typing", "ide");
  const auto sequences = [&](const std::string& filter, size_t count) {
    auto stream = served.client.Open(
        &Events::Subscribe, "from_sequence: 0 filter { " + filter + " }");
    std::vector<uint64_t> read;
    for (const v1::Event& event : Read(stream, count)) {
      read.push_back(event.sequence());
    }
    return read;
  };
  using Sequences = std::vector<uint64_t>;
  CHECK(sequences("event_types: 'build_*'", 3) == Sequences{1, 2, 3});
  CHECK(sequences("event_types: 'build_failed' sources: 'ide'", 1) ==
        Sequences{3});
  CHECK(sequences("sources: 'ide'", 2) == Sequences{3, 4});
  CHECK(sequences("event_types: 'typing' event_types: 'build_passed'", 2) ==
        Sequences{2, 4});
  auto empty =
      served.client.Open(&Events::Subscribe, "filter { event_types: '' }");
  CheckInvalid(empty.Finish(), "filter.event_types");
  std::string many;
  for (int i = 0; i <= 64; ++i) many += "sources: 's' ";
  auto too_many =
      served.client.Open(&Events::Subscribe, "filter { " + many + " }");
  CheckInvalid(too_many.Finish(), "filter.sources");
}

TEST_CASE("GetRecentEvents: the newest that match, oldest first") {
  ServedDaemon served;
  for (int i = 1; i <= 150; ++i) {
    Publish(served.client, "event_id: 'e" + std::to_string(i) + "'");
  }
  const auto recent = [&](const std::string& request) {
    return served.client.Ask(&Events::GetRecentEvents, request);
  };
  const auto newest = recent("max_count: 2").Must();
  REQUIRE(newest.events_size() == 2);
  CHECK(newest.events(0).event_id() == "e149");
  CHECK(newest.events(1).event_id() == "e150");
  CHECK(recent("").Must().events_size() == 100);
  CHECK(recent("max_count: 1000").Must().events_size() == 150);
  CHECK(recent("filter { event_types: 'u' }").Must().events_size() == 0);
  CheckInvalid(recent("max_count: -1").status, "max_count");
  CheckInvalid(recent("max_count: 1001").status, "max_count");
  CheckInvalid(recent("filter { sources: 'a b' }").status, "filter.sources");
}

TEST_CASE("GetRecentEvents: leaves out the oldest of what is too much") {
  ServedDaemon served;
  const std::string data = "data_json: '\"" + std::string(60'000, 'x') + "\"'";
  for (int i = 0; i < 100; ++i) Publish(served.client, data);
  const auto recent =
      served.client.Ask(&Events::GetRecentEvents, "max_count: 1000").Must();
  CHECK(recent.events_size() > 30);
  CHECK(recent.events_size() < 100);
  CHECK(recent.events(recent.events_size() - 1).sequence() == 100);
  CHECK(recent.ByteSizeLong() < 4u << 20);
}

TEST_CASE("Events: numbers and the newest events go on over a restart") {
  const DaemonHome home;
  {
    DaemonProcess daemon = home.Start();
    Client client(home.address());
    Publish(client, "event_id: 'before'");
    CHECK(daemon.Stop() == 0);
  }
  const DaemonProcess daemon = home.Start();
  Client client(home.address());
  CHECK(Publish(client, "event_id: 'after'").sequence() == 2);
  auto all = client.Open(&Events::Subscribe, "from_sequence: 1");
  const auto events = Read(all, 2);
  REQUIRE(events.size() == 2);
  CHECK(events[0].event_id() == "before");
  CHECK(events[1].event_id() == "after");
}

// Sends bytes as a message of `method`; how the call ended.
grpc::Status SendBytes(Client& client, const std::string& method,
                       const std::string& bytes) {
  grpc::GenericStub stub(client.channel());
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
  const grpc::Slice slice(bytes);
  const grpc::ByteBuffer request(&slice, 1);
  const auto call = stub.PrepareUnaryCall(&context, method, request, &queue);
  call->StartCall();
  grpc::ByteBuffer response;
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) {
  }
  return status;
}

TEST_CASE("Daemon: bytes that are no message do no harm") {
  ServedDaemon served;
  const std::string garbage = "\xff\xff\xff\xff not a message";
  for (const char* method :
       {"/warmup.v1.EventService/Publish", "/warmup.v1.ModelService/LoadModel",
        "/warmup.v1.WarmupService/RecordUsage"}) {
    INFO(method);
    CHECK_FALSE(SendBytes(served.client, method, garbage).ok());
  }
  CheckError(
      SendBytes(served.client, "/warmup.v1.EventService/Subscribe", garbage),
      StatusCode::INVALID_ARGUMENT, "INVALID_MESSAGE");
  CHECK(SendBytes(served.client, "/warmup.v1.EventService/Nothing", "")
            .error_code() == StatusCode::UNIMPLEMENTED);
  CHECK(served.daemon.IsAlive());
  Publish(served.client, "");
}

TEST_CASE("Daemon: a message above 4 MiB is refused, the next one is not") {
  ServedDaemon served;
  v1::PublishRequest request;
  request.mutable_event()->set_event_type("t");
  request.mutable_event()->set_source("s");
  request.mutable_event()->set_data_json(
      std::string(limits::kMaxReceiveBytes, 'x'));
  CHECK(served.client.Ask(&Events::Publish, request).status.error_code() ==
        StatusCode::RESOURCE_EXHAUSTED);
  CHECK(served.EventTypes().empty());
  Publish(served.client, "");
}

}  // namespace
}  // namespace warmup
