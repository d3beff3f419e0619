#include "adapters/engines/http/endpoint.h"

#include <string>

#include "core/base/error.h"
#include "tests/support/catch.h"

namespace warmup {

TEST_CASE("Endpoint: reads what users write") {
  const auto plain = ParseEndpoint("http://127.0.0.1:11434");
  REQUIRE(plain.ok());
  CHECK(plain->base_url == "http://127.0.0.1:11434");
  CHECK(plain->is_local);
  CHECK(ParseEndpoint("http://127.0.0.1:11434/")->base_url ==
        "http://127.0.0.1:11434");
  CHECK(ParseEndpoint("http://localhost:1")->is_local);
  CHECK(ParseEndpoint("http://[::1]:1")->is_local);
  CHECK_FALSE(ParseEndpoint("https://gpu.example.com")->is_local);

  const auto socket = ParseEndpoint("unix:/run/engine.sock");
  REQUIRE(socket.ok());
  CHECK(socket->socket_path == "/run/engine.sock");
  CHECK(socket->text == "unix:/run/engine.sock");
  CHECK(socket->is_local);
}

TEST_CASE("Endpoint: refuses what is none, saying why") {
  const auto [text, why] = GENERATE(table<std::string, std::string>({
      {"", "not empty"},
      {"127.0.0.1:11434", "must begin with"},
      {"ftp://127.0.0.1", "must begin with"},
      {"file:///etc/passwd", "must begin with"},
      {"unix:engine.sock", "absolute path"},
      {"unix:/" + std::string(200, 'x'), "too long"},
      {"http://", "endpoint"},
      {"http://host:99999", "endpoint"},
      {"http://user:secret@host", "a user or a password"},
      {"http://host/v1", "must end after the host"},
      {"http://host?x=1", "must end after the host"},
      {"http://host#x", "must end after the host"},
      {"http://ho st", "printable ASCII"},
      {"http://host\r\nX: y", "printable ASCII"},
      {"http://h\xc3\xb6st", "printable ASCII"},
  }));
  CAPTURE(text);
  const auto endpoint = ParseEndpoint(text);
  REQUIRE_FALSE(endpoint.ok());
  CHECK(absl::IsInvalidArgument(endpoint.status()));
  CHECK_THAT(std::string(endpoint.status().message()), Catch::Contains(why));
}

}  // namespace warmup
