#ifndef WARMUP_ADAPTERS_ENGINES_FINDER_ADDRESS_H_
#define WARMUP_ADAPTERS_ENGINES_FINDER_ADDRESS_H_

#include <string>
#include <string_view>

#include "adapters/host/listeners.h"

// Addresses of servers: "127.0.0.1:8080", "[::1]:8080", or the path of a Unix
// socket; an endpoint is one with a scheme ("http://127.0.0.1:8080",
// "unix:/path"). Pure.
namespace warmup {

struct Address {
  std::string host;  // without brackets
  int port = 0;
  std::string path;  // of a Unix socket; the others are empty then
  bool is_loopback = false;
};

Address SplitAddress(std::string_view address);
// Of an endpoint, or of whom listens: one who listens on all addresses is
// reached on the loopback one.
std::string AddressOf(std::string_view endpoint);
std::string AddressOf(const Listener& listener);
std::string_view SchemeOf(std::string_view endpoint);
std::string EndpointFor(std::string_view scheme, std::string_view address);
// The same for all names of one place: all loopback addresses with one port.
std::string PlaceOf(std::string_view address);
// The file's name without its extension, of letters that an id may have.
std::string StemOf(std::string_view path);
// A variable as servers read it: "[http://][host][:port][/...]". `scheme` is
// set where it is told.
std::string ReadHostVariable(std::string_view text, int usual_port,
                             std::string* scheme);

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_FINDER_ADDRESS_H_
