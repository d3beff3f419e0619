#include "adapters/host/listeners.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace warmup {
namespace {

class Socket {
 public:
  explicit Socket(int family) : fd_(::socket(family, SOCK_STREAM, 0)) {
    REQUIRE(fd_ >= 0);
  }
  ~Socket() { ::close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  template <class Address>
  void Listen(const Address& address) const {
    REQUIRE(::bind(fd_, reinterpret_cast<const sockaddr*>(&address),
                   sizeof(address)) == 0);
    REQUIRE(::listen(fd_, 1) == 0);
  }
  int port() const {
    sockaddr_in6 address{};
    socklen_t size = sizeof(address);
    REQUIRE(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) ==
            0);
    return ntohs(address.sin6_port);  // where IPv4 has it too
  }

 private:
  const int fd_;
};

TEST_CASE("ListListeners: tells address, port and process of TCP sockets") {
  const Socket v4(AF_INET);
  sockaddr_in loopback{};
  loopback.sin_family = AF_INET;
  loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  v4.Listen(loopback);
  const auto listeners = ListListeners();
  REQUIRE(listeners.ok());
  const auto it = std::find_if(
      listeners->begin(), listeners->end(),
      [&](const Listener& listener) { return listener.port == v4.port(); });
  REQUIRE(it != listeners->end());
  CHECK(it->address == "127.0.0.1");
  CHECK(it->path.empty());
  CHECK(it->inode > 0);
  CHECK(it->pid == ::getpid());
  REQUIRE_FALSE(it->ancestors.empty());
  CHECK(it->ancestors[0] == ::getppid());
  CHECK_THAT(it->command, Catch::Contains("host_memory_test"));
}

TEST_CASE("ListListeners: tells the paths of Unix sockets") {
  const TempFolder folder;
  const Socket local(AF_UNIX);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = folder.File("server.sock");
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  local.Listen(address);
  const auto listeners = ListListeners();
  REQUIRE(listeners.ok());
  const auto it = std::find_if(
      listeners->begin(), listeners->end(),
      [&](const Listener& listener) { return listener.path == path; });
  REQUIRE(it != listeners->end());
  CHECK(it->pid == ::getpid());
  CHECK(it->address.empty());
}

TEST_CASE("ListListeners: reads what it understands, and nothing else") {
  const TempFolder folder;
  std::filesystem::create_directories(folder.File("net"));
  std::ofstream(folder.File("net/tcp"))
      << "  sl  local_address rem_address   st ...\n"
         "   0: 0100007F:2CAA 00000000:0000 0A 00000000:00000000 00:00000000"
         " 00000000  1000        0 4711 1 0 100 0 0 10 0\n"
         "   1: 0100007F:2CAB 00000000:0000 01 00000000:00000000 00:00000000"
         " 00000000  1000        0 4712 1 0 100 0 0 10 0\n"
         "   2: 0100007F 00000000:0000 0A x x x x 1000 0 7\n"
         "   3: 0100007Z:2CAB 00000000:0000 0A x x x x 1000 0 7\n"
         "   4: 0100007F:FFFFF 00000000:0000 0A x x 1000 0 8 9\n"
         "rubbish\n\n";
  std::ofstream(folder.File("net/tcp6"))
      << "head\n"
         "   0: 00000000000000000000000001000000:1F90"
         " 00000000000000000000000000000000:0000 0A 00000000:00000000"
         " 00:00000000 00000000  1000        0 4713 1 0 100 0 0 10 0\n";
  const auto listeners = ListListeners(folder.path());
  REQUIRE(listeners.ok());
  REQUIRE(listeners->size() == 2);
  CHECK(listeners->at(0).address == "127.0.0.1");
  CHECK(listeners->at(0).port == 11434);
  CHECK(listeners->at(0).inode == 4711);
  CHECK(listeners->at(0).pid == 0);
  CHECK(listeners->at(1).address == "::1");
  CHECK(listeners->at(1).port == 8080);
  CHECK_FALSE(ListListeners(folder.File("nothing")).ok());
}

}  // namespace
}  // namespace warmup
