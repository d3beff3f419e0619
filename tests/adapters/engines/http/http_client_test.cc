#include "adapters/engines/http/http_client.h"

#include <atomic>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "core/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/scripted_server.h"
#include "tests/support/temp_folder.h"

namespace warmup {
namespace {

using Peer = ScriptedServer::Peer;

std::unique_ptr<HttpClient> Client(const std::string& endpoint,
                                   const std::string& token = "") {
  auto client = HttpClient::Create(
      {.engine = "e1", .endpoint = endpoint, .bearer_token = token});
  INFO(client.status().ToString());
  REQUIRE(client.ok());
  return *std::move(client);
}

// Answers every request of a connection with the request itself.
void Echo(Peer& peer) {
  for (;;) {
    const std::string request = peer.ReadRequest();
    if (request.empty() || !peer.Write(HttpAnswer(200, request))) return;
  }
}

}  // namespace

TEST_CASE("HttpClient: sends what it is told and brings the answer") {
  ScriptedServer server(Echo);
  const auto client = Client(server.endpoint());
  const auto got = client->Get("/api/tags?x=1", {.timeout = kPatience});
  INFO(got.status().ToString());
  REQUIRE(got.ok());
  CHECK(got->status == 200);
  CHECK_THAT(got->body, Catch::StartsWith("GET /api/tags?x=1 HTTP/1.1\r\n"));
  CHECK_THAT(got->body, !Catch::Contains("Authorization"));

  const auto posted =
      client->Post("/api/x", "{\"a\":1}", {.timeout = kPatience});
  REQUIRE(posted.ok());
  CHECK_THAT(posted->body, Catch::StartsWith("POST /api/x HTTP/1.1\r\n"));
  CHECK_THAT(posted->body, Catch::Contains("Content-Type: application/json"));
  CHECK_THAT(posted->body, Catch::EndsWith("\r\n\r\n{\"a\":1}"));
  // A GET after a POST is a GET again.
  CHECK_THAT(client->Get("/", {.timeout = kPatience})->body,
             Catch::StartsWith("GET / HTTP/1.1\r\n"));
  CHECK(server.connection_count() == 1);  // kept alive
}

TEST_CASE("HttpClient: brings every status with its body") {
  const int status = GENERATE(200, 204, 400, 404, 500, 503);
  ScriptedServer server([status](Peer& peer) {
    peer.ReadRequest();
    peer.Write(HttpAnswer(status, status == 204 ? "" : "why"));
    peer.AwaitClosed();
  });
  const auto got = Client(server.endpoint())->Get("/", {.timeout = kPatience});
  REQUIRE(got.ok());
  CHECK(got->status == status);
  CHECK(got->body == (status == 204 ? "" : "why"));
}

TEST_CASE("HttpClient: speaks over a Unix socket") {
  const TempFolder folder;
  ScriptedServer server(Echo, folder.File("engine.sock"));
  const auto got = Client(server.endpoint())->Get("/x", {.timeout = kPatience});
  INFO(got.status().ToString());
  REQUIRE(got.ok());
  CHECK_THAT(got->body, Catch::StartsWith("GET /x HTTP/1.1\r\n"));
}

TEST_CASE("HttpClient: sends its token, and refuses one that would forge") {
  ScriptedServer server(Echo);
  const auto got =
      Client(server.endpoint(), "t0ken")->Get("/", {.timeout = kPatience});
  REQUIRE(got.ok());
  CHECK_THAT(got->body, Catch::Contains("Authorization: Bearer t0ken\r\n"));

  const auto forged = HttpClient::Create({.engine = "e1",
                                          .endpoint = server.endpoint(),
                                          .bearer_token = "a\r\nX: y"});
  CHECK(absl::IsInvalidArgument(forged.status()));
  CHECK(GetErrorDetails(forged.status()).metadata.at("field") ==
        "bearer_token");
}

TEST_CASE("HttpClient: goes past the proxy of the environment to loopback") {
  ScriptedServer server(Echo);
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  const auto got = Client(server.endpoint())->Get("/", {.timeout = kPatience});
  unsetenv("http_proxy");
  CHECK(got.ok());
}

TEST_CASE(
    "HttpClient: calls again where the server closed an idle connection") {
  ScriptedServer server([](Peer& peer) {
    peer.ReadRequest();
    peer.Write(HttpAnswer(200, "once"));  // and closes
  });
  const auto client = Client(server.endpoint());
  for (int i = 0; i < 20; ++i) {
    const auto got = client->Post("/", "{}", {.timeout = kPatience});
    INFO(got.status().ToString());
    REQUIRE(got.ok());
  }
}

TEST_CASE("HttpClient: serves many threads at once") {
  ScriptedServer server(Echo);
  const auto client = Client(server.endpoint());
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 25; ++i) {
        const std::string body = std::to_string(t * 1000 + i);
        const auto got = client->Post("/", body, {.timeout = kPatience});
        good += got.ok() && got->body.ends_with("\r\n\r\n" + body) ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(good == 8 * 25);
}

TEST_CASE("HttpClient: a cancelled call ends at once and closes") {
  std::atomic<bool> is_asked = false;
  std::atomic<bool> is_closed = false;
  ScriptedServer server([&](Peer& peer) {
    peer.ReadRequest();
    is_asked = true;
    peer.AwaitClosed();
    is_closed = true;
  });
  const auto client = Client(server.endpoint());
  std::atomic<int> asked = 0;
  absl::Time cancelled_at;
  const auto got = client->Post(
      "/load", "{}", {.timeout = absl::InfiniteDuration(), .is_cancelled = [&] {
                        if (!is_asked || ++asked < 3) return false;
                        cancelled_at = absl::Now();
                        return true;
                      }});
  const absl::Duration took = absl::Now() - cancelled_at;
  CHECK(absl::IsCancelled(got.status()));
  CHECK_THAT(std::string(got.status().message()),
             Catch::Contains("e1") && Catch::Contains("POST /load"));
  CHECK(took < absl::Seconds(1));  // milliseconds, on a box that is not busy
  CHECK(Eventually([&] { return is_closed.load(); }));
}

TEST_CASE("HttpClient: tells when a server wants to be asked again") {
  const auto [header, seconds] = GENERATE(table<std::string, int>({
      {"", 0},
      {"Retry-After: 7\r\n", 7},
      {"Retry-After: soon\r\n", 0},
      {"Retry-After: -5\r\n", 0},
      {"Retry-After: 999999999999999\r\n", 3'600},
  }));
  CAPTURE(header);
  ScriptedServer server([&, text = HttpAnswer(503, "{}", header)](Peer& peer) {
    peer.ReadRequest();
    peer.Write(text);
  });
  const auto answer =
      Client(server.endpoint())->Get("/", {.timeout = kPatience});
  REQUIRE(answer.ok());
  CHECK(answer->status == 503);
  CHECK(answer->retry_after == absl::Seconds(seconds));
}

}  // namespace warmup
