#include "tests/support/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

// Where the body begins, or npos while the headers are not whole.
size_t BodyStart(const std::string& text) {
  const size_t end = text.find("\r\n\r\n");
  return end == std::string::npos ? end : end + 4;
}

size_t BodyLength(const std::string& headers) {
  constexpr std::string_view kName = "Content-Length: ";
  const size_t at = headers.find(kName);
  if (at == std::string::npos) return 0;
  return std::strtoul(headers.c_str() + at + kName.size(), nullptr, 10);
}

}  // namespace

std::string ScriptedServer::Peer::ReadRequest() {
  for (;;) {
    const size_t start = BodyStart(unread_);
    if (start != std::string::npos) {
      const size_t end = start + BodyLength(unread_.substr(0, start));
      if (unread_.size() >= end) {
        std::string request = unread_.substr(0, end);
        unread_.erase(0, end);
        return request;
      }
    }
    std::array<char, 4096> buffer{};
    const ssize_t got = recv(fd_, buffer.data(), buffer.size(), 0);
    if (got <= 0) return {};
    unread_.append(buffer.data(), static_cast<size_t>(got));
  }
}

bool ScriptedServer::Peer::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

void ScriptedServer::Peer::AwaitClosed() {
  std::array<char, 4096> buffer{};
  while (recv(fd_, buffer.data(), buffer.size(), 0) > 0) {
  }
}

ScriptedServer::ScriptedServer(Script script, const std::string& socket_path)
    : script_(std::move(script)) {
  if (socket_path.empty()) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(listener_ >= 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    REQUIRE(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(getsockname(listener_, reinterpret_cast<sockaddr*>(&address),
                        &size) == 0);
    endpoint_ = absl::StrCat("http://127.0.0.1:", ntohs(address.sin_port));
  } else {
    listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(listener_ >= 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    REQUIRE(socket_path.size() < sizeof(address.sun_path));
    std::memcpy(address.sun_path, socket_path.c_str(), socket_path.size() + 1);
    REQUIRE(bind(listener_, reinterpret_cast<sockaddr*>(&address),
                 sizeof(address)) == 0);
    endpoint_ = "unix:" + socket_path;
  }
  REQUIRE(listen(listener_, 64) == 0);
  acceptor_ = std::thread([this] { Accept(); });
}

ScriptedServer::~ScriptedServer() {
  std::vector<std::thread> threads;
  {
    MutexLock lock(mutex_);
    is_stopping_ = true;
    for (const int fd : open_) shutdown(fd, SHUT_RDWR);
  }
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    MutexLock lock(mutex_);
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();
  close(listener_);
}

int ScriptedServer::connection_count() const {
  MutexLock lock(mutex_);
  return static_cast<int>(threads_.size());
}

void ScriptedServer::Accept() {
  for (;;) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    MutexLock lock(mutex_);
    if (is_stopping_) {
      close(fd);
      return;
    }
    open_.insert(fd);
    threads_.emplace_back([this, fd] { Serve(fd); });
  }
}

void ScriptedServer::Serve(int fd) {
  Peer peer(fd);
  script_(peer);
  MutexLock lock(mutex_);
  open_.erase(fd);
  close(fd);
}

std::string HttpAnswer(int status, std::string_view body,
                       std::string_view more_headers) {
  return absl::StrCat("HTTP/1.1 ", status,
                      " Said\r\nContent-Length: ", body.size(), "\r\n",
                      std::string(more_headers), "\r\n", std::string(body));
}

}  // namespace warmup
