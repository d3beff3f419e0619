#include "adapters/engines/exec/ready_check.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "adapters/engines/exec/output_lines.h"
#include "adapters/engines/exec/unique_fd.h"
#include "adapters/engines/http/http_client.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace warmup::exec {
namespace {

// On this machine a connection takes no time, or does not come.
constexpr int kConnectMilliseconds = 100;
constexpr absl::Duration kAnswerTimeout = absl::Seconds(2);

sockaddr_in6 SocketOf(const in6_addr& address, int port) {
  sockaddr_in6 socket{};
  socket.sin6_family = AF_INET6;
  socket.sin6_addr = address;
  socket.sin6_port = htons(static_cast<uint16_t>(port));
  return socket;
}

in6_addr Mapped(const in_addr& address) {
  in6_addr mapped{};
  mapped.s6_addr[10] = 0xff;
  mapped.s6_addr[11] = 0xff;
  std::memcpy(&mapped.s6_addr[12], &address, sizeof(address));
  return mapped;
}

std::vector<sockaddr_in6> Loopback(int port) {
  const in_addr loopback = {htonl(INADDR_LOOPBACK)};
  return {SocketOf(Mapped(loopback), port), SocketOf(in6addr_loopback, port)};
}

bool AreSame(const sockaddr_in6& a, const sockaddr_in6& b) {
  return a.sin6_port == b.sin6_port &&
         std::memcmp(&a.sin6_addr, &b.sin6_addr, sizeof(a.sin6_addr)) == 0;
}

// As a plain IPv4 address where it is one: IPv6 may be switched off.
socklen_t ToSocketAddress(const sockaddr_in6& from, sockaddr_storage* to) {
  if (!IN6_IS_ADDR_V4MAPPED(&from.sin6_addr)) {
    std::memcpy(to, &from, sizeof(from));
    return sizeof(from);
  }
  sockaddr_in plain{};
  plain.sin_family = AF_INET;
  plain.sin_port = from.sin6_port;
  std::memcpy(&plain.sin_addr, &from.sin6_addr.s6_addr[12],
              sizeof(plain.sin_addr));
  std::memcpy(to, &plain, sizeof(plain));
  return sizeof(plain);
}

// A connection from a free port of ours can meet itself when the port asked for
// is of those that are given out.
bool IsOwnEcho(int fd) {
  sockaddr_storage ours{};
  sockaddr_storage theirs{};
  socklen_t our_size = sizeof(ours);
  socklen_t their_size = sizeof(theirs);
  return getsockname(fd, reinterpret_cast<sockaddr*>(&ours), &our_size) == 0 &&
         getpeername(fd, reinterpret_cast<sockaddr*>(&theirs), &their_size) ==
             0 &&
         our_size == their_size && std::memcmp(&ours, &theirs, our_size) == 0;
}

bool Accepts(const sockaddr_in6& socket_address) {
  sockaddr_storage address{};
  const socklen_t size = ToSocketAddress(socket_address, &address);
  const UniqueFd fd(
      socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.is_open()) return false;
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0) {
    if (errno != EINPROGRESS) return false;
    pollfd waiting = {.fd = fd.get(), .events = POLLOUT, .revents = 0};
    if (poll(&waiting, 1, kConnectMilliseconds) != 1) return false;
    int error = 0;
    socklen_t error_size = sizeof(error);
    if (getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &error_size) != 0 ||
        error != 0) {
      return false;
    }
  }
  return !IsOwnEcho(fd.get());
}

struct Url {
  std::string endpoint;  // up to the path
  std::string path;
  std::string host;
  int port = 0;
};

absl::Status BadUrl(std::string_view what) {
  return InvalidField("ready.url", what);
}

absl::StatusOr<Url> ParseUrl(const std::string& text) {
  Url url;
  size_t host_start = 0;
  if (text.starts_with("http://")) {
    host_start = 7;
    url.port = 80;
  } else if (text.starts_with("https://")) {
    host_start = 8;
    url.port = 443;
  } else {
    return BadUrl("must begin with http:// or https://");
  }
  if (std::any_of(text.begin(), text.end(),
                  [](char c) { return c <= ' ' || c > '~' || c == '#'; })) {
    return BadUrl("must be printable ASCII without spaces and fragment");
  }
  const size_t host_end =
      std::min(text.find_first_of("/?", host_start), text.size());
  url.endpoint = text.substr(0, host_end);
  url.path = text.substr(host_end);
  if (!url.path.starts_with('/')) url.path.insert(0, 1, '/');
  url.host = text.substr(host_start, host_end - host_start);
  const size_t colon = url.host.rfind(':');
  const size_t bracket = url.host.rfind(']');
  if (colon != std::string::npos &&
      (bracket == std::string::npos || bracket < colon)) {
    if (!absl::SimpleAtoi(url.host.substr(colon + 1), &url.port) ||
        url.port < 1 || url.port > 65'535) {
      return BadUrl("its port is none");
    }
    url.host.resize(colon);
  }
  return url;
}

// Empty: neither localhost nor an address.
std::vector<sockaddr_in6> Resolve(const Url& url) {
  if (url.host == "localhost") return Loopback(url.port);
  in_addr plain{};
  if (inet_pton(AF_INET, url.host.c_str(), &plain) == 1) {
    return {SocketOf(Mapped(plain), url.port)};
  }
  in6_addr address{};
  if (url.host.size() > 2 && url.host.front() == '[' &&
      url.host.back() == ']' &&
      inet_pton(AF_INET6, url.host.substr(1, url.host.size() - 2).c_str(),
                &address) == 1) {
    return {SocketOf(address, url.port)};
  }
  return {};
}

}  // namespace

absl::StatusOr<ReadyCheck> ReadyCheck::Create(const std::string& engine,
                                              const Readiness& ready) {
  const int ways = (ready.url.empty() ? 0 : 1) + (ready.port == 0 ? 0 : 1) +
                   (ready.line.empty() ? 0 : 1);
  if (ways != 1) {
    return InvalidField("ready", "must be one of url, port and line");
  }
  ReadyCheck check;
  if (!ready.line.empty()) {
    if (ready.line.size() > kMaxLineBytes ||
        ready.line.find_first_of("\r\n") != std::string::npos) {
      return InvalidField("ready.line", "is longer than a line, or several");
    }
    return check;
  }
  if (ready.port != 0) {
    if (ready.port < 1 || ready.port > 65'535) {
      return InvalidField("ready.port",
                          absl::StrCat(ready.port, " is outside 1 to 65535"));
    }
    check.where_ = absl::StrCat("port ", ready.port);
    check.sockets_ = Loopback(ready.port);
    return check;
  }
  WARMUP_ASSIGN_OR_RETURN(const Url url, ParseUrl(ready.url));
  check.where_ = ready.url;
  check.path_ = url.path;
  check.sockets_ = Resolve(url);
  if (check.sockets_.empty()) {
    return BadUrl("its host must be localhost or an address");
  }
  const auto http = HttpClient::Create(
      {.engine = engine, .endpoint = url.endpoint, .bearer_token = {}});
  if (!http.ok()) return BadUrl(std::string(http.status().message()));
  check.engine_ = engine;
  check.endpoint_ = url.endpoint;
  return check;
}

bool ReadyCheck::SharesAddressWith(const ReadyCheck& other) const {
  return std::any_of(
      sockets_.begin(), sockets_.end(), [&](const sockaddr_in6& ours) {
        return std::any_of(
            other.sockets_.begin(), other.sockets_.end(),
            [&](const sockaddr_in6& theirs) { return AreSame(ours, theirs); });
      });
}

bool ReadyCheck::IsTaken() const {
  return std::any_of(sockets_.begin(), sockets_.end(), Accepts);
}

bool ReadyCheck::IsReady(const std::function<bool()>& is_cancelled) const {
  if (endpoint_.empty()) return IsTaken();
  const auto http = HttpClient::Create(
      {.engine = engine_, .endpoint = endpoint_, .bearer_token = {}});
  if (!http.ok()) return false;
  const auto response = (*http)->Get(
      path_, {.timeout = kAnswerTimeout, .is_cancelled = is_cancelled});
  return response.ok() && response->status >= 200 && response->status < 300;
}

}  // namespace warmup::exec
