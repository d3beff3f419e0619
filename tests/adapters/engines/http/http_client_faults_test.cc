// Servers that are not there, that lie, or that stop in the middle.

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "adapters/engines/http/http_client.h"
#include "core/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/scripted_server.h"
#include "tests/support/temp_folder.h"

namespace warmup {
namespace {

using Peer = ScriptedServer::Peer;

absl::Status GetFrom(const std::string& endpoint,
                     absl::Duration timeout = kPatience) {
  auto client = HttpClient::Create({.engine = "e1", .endpoint = endpoint});
  REQUIRE(client.ok());
  const absl::Status status = (*client)->Get("/x", {timeout}).status();
  INFO(status.ToString());
  // Whatever happens, the engine, its endpoint and the call are named.
  CHECK_THAT(std::string(status.message()),
             Catch::StartsWith("engine \"e1\" at " + endpoint + ": GET /x: "));
  CHECK(GetErrorDetails(status).metadata.at("engine") == "e1");
  return status;
}

// What comes of a server that answers with these bytes and closes.
absl::Status Answered(const std::string& bytes) {
  ScriptedServer server([&](Peer& peer) {
    peer.ReadRequest();
    peer.Write(bytes);
  });
  return GetFrom(server.endpoint());
}

std::string ReasonOf(const absl::Status& status) {
  return GetErrorDetails(status).reason;
}

}  // namespace

TEST_CASE("HttpClient: nobody listens") {
  std::string endpoint;
  {
    ScriptedServer server([](Peer&) {});
    endpoint = server.endpoint();
  }
  const absl::Status status = GetFrom(endpoint);
  CHECK(absl::IsUnavailable(status));
  CHECK(ReasonOf(status) == "ENGINE_UNAVAILABLE");
  const TempFolder folder;
  CHECK(absl::IsUnavailable(GetFrom("unix:" + folder.File("none.sock"))));
}

TEST_CASE("HttpClient: a name that does not resolve") {
  CHECK(absl::IsUnavailable(GetFrom("http://no-such-host.invalid:1")));
}

TEST_CASE("HttpClient: a server that hangs is left when the time is over") {
  ScriptedServer server([](Peer& peer) { peer.AwaitClosed(); });
  const absl::Status status =
      GetFrom(server.endpoint(), absl::Milliseconds(100));
  CHECK(absl::IsDeadlineExceeded(status));
  CHECK(ReasonOf(status) == "ENGINE_TOO_SLOW");
  CHECK_THAT(std::string(status.message()), Catch::Contains("100ms"));
}

TEST_CASE("HttpClient: an answer that trickles is left when the time is over") {
  ScriptedServer server([](Peer& peer) {
    peer.ReadRequest();
    peer.Write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345");
    peer.AwaitClosed();
  });
  CHECK(absl::IsDeadlineExceeded(
      GetFrom(server.endpoint(), absl::Milliseconds(100))));
}

TEST_CASE("HttpClient: an answer that is cut in the middle is none") {
  const std::string bytes = GENERATE(
      as<std::string>{}, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n12345\r\n",
      "HTTP/1.1 200 OK\r\nContent-Le");
  CAPTURE(bytes);
  const absl::Status status = Answered(bytes);
  CHECK(absl::IsUnavailable(status));
}

TEST_CASE("HttpClient: what is no HTTP is no answer") {
  const std::string bytes =
      GENERATE(as<std::string>{}, "SSH-2.0-OpenSSH_9.2p1\r\n",
               std::string("\x00\x01\xff", 3), "{\"models\":[]}", "");
  CAPTURE(bytes);
  CHECK(absl::IsUnavailable(Answered(bytes)));
}

TEST_CASE("HttpClient: an answer without end is refused at the bound") {
  std::atomic<size_t> sent = 0;
  const bool has_length = GENERATE(true, false);
  ScriptedServer server([&](Peer& peer) {
    peer.ReadRequest();
    peer.Write(has_length
                   ? "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"
                   : "HTTP/1.1 200 OK\r\n\r\n");
    const std::string block(65'536, 'x');
    while (peer.Write(block)) sent += block.size();
  });
  const absl::Status status = GetFrom(server.endpoint());
  CHECK(absl::IsUnavailable(status));
  CHECK(ReasonOf(status) == "ENGINE_ANSWER_TOO_LONG");
  CHECK(sent > kMaxAnswerBytes / 2);
}

TEST_CASE("HttpClient: headers without end are refused at the bound") {
  ScriptedServer server([](Peer& peer) {
    peer.ReadRequest();
    peer.Write("HTTP/1.1 200 OK\r\n");
    while (peer.Write("X-More: and more of it\r\n")) {
    }
  });
  const absl::Status status = GetFrom(server.endpoint());
  CHECK(ReasonOf(status) == "ENGINE_ANSWER_TOO_LONG");
}

TEST_CASE("HttpClient: a redirect is not followed, but told") {
  const auto status = Answered(
      HttpAnswer(302, "", "Location: http://169.254.169.254/secret\r\n"));
  CHECK(absl::IsUnavailable(status));
  CHECK(ReasonOf(status) == "ENGINE_REDIRECTS");
  CHECK_THAT(std::string(status.message()),
             Catch::Contains("http://169.254.169.254/secret"));
  CHECK(ReasonOf(Answered(HttpAnswer(307, ""))) == "ENGINE_REDIRECTS");
  CHECK(ReasonOf(Answered(
            HttpAnswer(301, "", "Location: file:///etc/passwd\r\n"))) ==
        "ENGINE_REDIRECTS");
}

TEST_CASE("HttpClient: TLS with a server that speaks none fails") {
  ScriptedServer server([](Peer& peer) {
    peer.ReadRequest();
    peer.Write(HttpAnswer(200, "plain"));
  });
  std::string endpoint = server.endpoint();
  endpoint.replace(0, 4, "https");
  auto client = HttpClient::Create({.engine = "e1", .endpoint = endpoint});
  REQUIRE(client.ok());
  // The scripted server waits for the end of a request that never comes.
  const auto got = (*client)->Get("/", {absl::Milliseconds(300)});
  CHECK_FALSE(got.ok());
}

}  // namespace warmup
