#include "adapters/engines/finder/address.h"

#include <map>
#include <string>

#include "tests/support/catch.h"

namespace warmup {

TEST_CASE("Addresses: of endpoints and listeners") {
  CHECK(AddressOf("http://10.0.0.5:80") == "10.0.0.5:80");
  CHECK(AddressOf("https://example.com") == "example.com:443");
  CHECK(AddressOf("http://example.com/") == "example.com:80");
  CHECK(AddressOf("grpc://[::1]:8001") == "[::1]:8001");
  CHECK(AddressOf("unix:/run/a.sock") == "/run/a.sock");
  const auto listener = [](const std::string& address) {
    Listener one;
    one.address = address;
    one.port = 7;
    return AddressOf(one);
  };
  CHECK(listener("0.0.0.0") == "127.0.0.1:7");
  CHECK(listener("::") == "[::1]:7");
  CHECK(listener("10.0.0.5") == "10.0.0.5:7");
}

TEST_CASE("Addresses: one place has many names") {
  for (const char* name : {"localhost:80", "127.0.0.1:80", "[::1]:80"}) {
    CHECK(PlaceOf(name) == "loopback:80");
  }
  CHECK(PlaceOf("example.com:80") == "example.com:80");
  CHECK(PlaceOf("/run/a.sock") == "/run/a.sock");
  CHECK(EndpointFor("", "/run/a.sock") == "unix:/run/a.sock");
  CHECK(EndpointFor("", "a:1") == "http://a:1");
  CHECK(EndpointFor("grpc", "a:1") == "grpc://a:1");
  CHECK(StemOf("/run/my server.sock") == "myserver");
}

TEST_CASE("Addresses: a host variable is read as servers read it") {
  const std::map<std::string, std::string> endpoints = {
      {"", "http://127.0.0.1:11434"},
      {"0.0.0.0", "http://127.0.0.1:11434"},
      {"0.0.0.0:8080", "http://127.0.0.1:8080"},
      {":8080", "http://127.0.0.1:8080"},
      {"example.com", "http://example.com:11434"},
      {"http://example.com", "http://example.com:80"},
      {"https://example.com/", "https://example.com:443"},
      {"https://example.com:8443", "https://example.com:8443"},
      {"[::]:8080", "http://[::1]:8080"},
      {"[fe80::1]", "http://[fe80::1]:11434"},
      {"::1", "http://[::1]:11434"}};
  for (const auto& [host, endpoint] : endpoints) {
    INFO(host);
    std::string scheme;
    const std::string address = ReadHostVariable(host, 11434, &scheme);
    CHECK(EndpointFor(scheme, address) == endpoint);
  }
}

}  // namespace warmup
