// Streams of server-sent events over HTTP.

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "adapters/engines/http/http_client.h"
#include "core/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/scripted_server.h"

namespace warmup {
namespace {

using Peer = ScriptedServer::Peer;

constexpr char kBegin[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
    "\r\n";

// One who listens to /events.
struct Listener {
  explicit Listener(const std::string& endpoint)
      : client(*HttpClient::Create({.engine = "e1", .endpoint = endpoint})) {
    feed.answer_timeout = kPatience;
    feed.on_open = [this] { ++opened; };
    feed.on_event = [this](const SseEvent& event) {
      events.emplace_back(event.data);
      if (events.back() == "stop") stop.Stop();
    };
  }

  absl::Status Listen() {
    const absl::Status status = client->Listen("/events", feed, stop);
    INFO(status.ToString());
    CHECK_THAT(std::string(status.message()),
               Catch::StartsWith("engine \"e1\" at " + client->endpoint() +
                                 ": GET /events: "));
    CHECK(GetErrorDetails(status).metadata.at("engine") == "e1");
    return status;
  }

  const std::unique_ptr<HttpClient> client;
  HttpFeed feed;
  StopSignal stop;
  int opened = 0;
  std::vector<std::string> events;
};

// What comes of a server that answers with these bytes and closes.
absl::Status Answered(const std::string& bytes) {
  ScriptedServer server([&](Peer& peer) {
    peer.ReadRequest();
    peer.Write(bytes);
  });
  Listener listener(server.endpoint());
  const absl::Status status = listener.Listen();
  const bool is_stream =
      bytes.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream");
  CHECK(listener.opened == (is_stream ? 1 : 0));
  return status;
}

std::string ReasonOf(const absl::Status& status) {
  return GetErrorDetails(status).reason;
}

}  // namespace

TEST_CASE("HttpClient: hands on events as they come, until it is stopped") {
  std::string request;
  std::atomic<bool> is_closed = false;
  ScriptedServer server([&](Peer& peer) {
    request = peer.ReadRequest();
    peer.Write(absl::StrCat(kBegin, "data: one\n"));
    peer.Write("\ndata: two\n\ndata: stop\n\n");
    peer.AwaitClosed();
    is_closed = true;
  });
  Listener listener(server.endpoint());
  const absl::Status status = listener.Listen();
  CHECK(absl::IsCancelled(status));
  CHECK(ReasonOf(status) == "CANCELLED");
  CHECK(listener.opened == 1);
  CHECK(listener.events == std::vector<std::string>{"one", "two", "stop"});
  CHECK_THAT(request, Catch::StartsWith("GET /events HTTP/1.1\r\n"));
  CHECK_THAT(request, Catch::Contains("Accept: text/event-stream\r\n"));
  CHECK_THAT(request, !Catch::Contains("Accept: application/json"));
  CHECK(Eventually([&] { return is_closed.load(); }));
}

TEST_CASE("HttpClient: listening ends within milliseconds of the signal") {
  const bool has_answered = GENERATE(false, true);
  std::atomic<bool> is_there = false;
  ScriptedServer server([&](Peer& peer) {
    peer.ReadRequest();
    if (has_answered) peer.Write(kBegin);
    is_there = true;
    peer.AwaitClosed();
  });
  Listener listener(server.endpoint());
  absl::Time stopped_at;
  std::thread stopper([&] {
    CHECK(Eventually([&] { return is_there.load(); }));
    stopped_at = absl::Now();
    listener.stop.Stop();
  });
  CHECK(absl::IsCancelled(listener.Listen()));
  const absl::Time ended_at = absl::Now();
  stopper.join();
  CHECK(ended_at - stopped_at < absl::Seconds(1));  // a busy box
  // Once given it stays.
  CHECK(absl::IsCancelled(listener.Listen()));
}

TEST_CASE("HttpClient: a stream that ends is no more there, cut or not") {
  const std::string length =
      GENERATE(as<std::string>{}, "", "Content-Length: 99\r\n");
  const absl::Status status = Answered(
      absl::StrCat("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n",
                   length, "\r\ndata: one\n\n"));
  CHECK(absl::IsUnavailable(status));
  CHECK(ReasonOf(status) == "ENGINE_ANSWER_CUT");
}

TEST_CASE("HttpClient: what is no stream of events is told by its answer") {
  using enum absl::StatusCode;
  const auto [answer, code, reason, words] =
      GENERATE(table<std::string, absl::StatusCode, std::string, std::string>({
          {HttpAnswer(404, "404 page not found"), kFailedPrecondition,
           "NO_EVENT_STREAM", "status 404"},
          {HttpAnswer(200, "data: x\n\n", "Content-Type: text/html\r\n"),
           kFailedPrecondition, "NO_EVENT_STREAM", "\"text/html\""},
          {HttpAnswer(200, "{\"error\":\"Unexpected endpoint\"}"),
           kFailedPrecondition, "NO_EVENT_STREAM", "Unexpected endpoint"},
          {HttpAnswer(503, "data: x\n\n",
                      "Content-Type: text/event-stream\r\n"),
           kUnavailable, "ENGINE_FAILED", "status 503"},
          {HttpAnswer(429, ""), kUnavailable, "ENGINE_FAILED", "status 429"},
          {HttpAnswer(302, "", "Location: http://x/\r\n"), kUnavailable,
           "ENGINE_REDIRECTS", "http://x/"},
          {"SSH-2.0-OpenSSH_9.2p1\r\n", kUnavailable, "ENGINE_UNAVAILABLE", ""},
          {"HTTP/1.1 200 OK\r\nContent-Ty", kUnavailable, "ENGINE_ANSWER_CUT",
           ""},
      }));
  CAPTURE(answer);
  const absl::Status status = Answered(answer);
  CHECK(status.code() == code);
  CHECK(ReasonOf(status) == reason);
  CHECK_THAT(std::string(status.message()), Catch::Contains(words));
}

TEST_CASE("HttpClient: nobody to listen to") {
  std::string endpoint;
  {
    ScriptedServer server([](Peer&) {});
    endpoint = server.endpoint();
  }
  const absl::Status status = Listener(endpoint).Listen();
  CHECK(absl::IsUnavailable(status));
  CHECK(ReasonOf(status) == "ENGINE_UNAVAILABLE");
}

TEST_CASE("HttpClient: a stream that does not begin is left in time") {
  ScriptedServer server([](Peer& peer) {
    peer.ReadRequest();
    peer.Write("HTTP/1.1 200 OK\r\n");
    peer.AwaitClosed();
  });
  Listener listener(server.endpoint());
  listener.feed.answer_timeout = absl::Milliseconds(50);
  const absl::Status status = listener.Listen();
  CHECK(absl::IsDeadlineExceeded(status));
  CHECK(ReasonOf(status) == "ENGINE_TOO_SLOW");
  CHECK_THAT(std::string(status.message()), Catch::Contains("50ms"));
}

TEST_CASE("HttpClient: a stream that falls silent is left in time") {
  ScriptedServer server([](Peer& peer) {
    peer.ReadRequest();
    peer.Write(absl::StrCat(kBegin, "data: one\n\n"));
    peer.AwaitClosed();
  });
  Listener listener(server.endpoint());
  listener.feed.idle_timeout = absl::Milliseconds(50);
  const absl::Status status = listener.Listen();
  CHECK(absl::IsDeadlineExceeded(status));
  CHECK(ReasonOf(status) == "ENGINE_SILENT");
  CHECK(listener.events == std::vector<std::string>{"one"});
}

TEST_CASE("HttpClient: a flood between events costs no memory and no event") {
  ScriptedServer server([](Peer& peer) {
    peer.ReadRequest();
    peer.Write(absl::StrCat(kBegin, "data: "));
    const std::string block(65'536, 'x');
    for (size_t sent = 0; sent < 2 * kMaxSseEventBytes; sent += block.size()) {
      if (!peer.Write(block)) return;
    }
    peer.Write("\n\ndata: after\n\ndata: stop\n\n");
    peer.AwaitClosed();
  });
  Listener listener(server.endpoint());
  CHECK(absl::IsCancelled(listener.Listen()));
  CHECK(listener.events == std::vector<std::string>{"after", "stop"});
}

}  // namespace warmup
