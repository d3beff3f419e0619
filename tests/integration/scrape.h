#ifndef WARMUP_TESTS_INTEGRATION_SCRAPE_H_
#define WARMUP_TESTS_INTEGRATION_SCRAPE_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "tests/support/catch.h"
#include "tests/support/daemon_process.h"
#include "tests/support/eventually.h"

namespace warmup {

// Where a daemon with metrics.address=127.0.0.1:0 says that its page is.
inline int MetricsPort(const DaemonProcess& daemon) {
  const std::string start = "url=http://127.0.0.1:";
  REQUIRE(daemon.WaitForLog(start));
  const std::string log = daemon.Log();
  return std::stoi(log.substr(log.find(start) + start.size()));
}

// The body of http://127.0.0.1:port/metrics.
inline std::string Scrape(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(fd >= 0);
  const timeval patience = {60, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string page;
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address),
              sizeof(address)) == 0) {
    const std::string request =
        "GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n";
    if (send(fd, request.data(), request.size(), MSG_NOSIGNAL) ==
        static_cast<ssize_t>(request.size())) {
      char block[65'536];
      for (ssize_t n = recv(fd, block, sizeof(block), 0); n > 0;
           n = recv(fd, block, sizeof(block), 0)) {
        page.append(block, static_cast<size_t>(n));
      }
    }
  }
  close(fd);
  const size_t body = page.find("\r\n\r\n");
  return body == std::string::npos ? "" : page.substr(body + 4);
}

// Whether the page comes to hold `line`.
inline bool PageComesToHold(int port, const std::string& line) {
  return Eventually([&] {
    return Scrape(port).find("\n" + line + "\n") != std::string::npos;
  });
}

}  // namespace warmup

#endif  // WARMUP_TESTS_INTEGRATION_SCRAPE_H_
