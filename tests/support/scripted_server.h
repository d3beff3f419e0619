#ifndef WARMUP_TESTS_SUPPORT_SCRIPTED_SERVER_H_
#define WARMUP_TESTS_SUPPORT_SCRIPTED_SERVER_H_

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/base/mutex.h"

namespace warmup {

// A server on a socket of this machine that does, byte by byte, what the test's
// script says: what no HTTP library could be brought to do. The script runs on
// a thread of its own for each connection, which ends with it.
class ScriptedServer {
 public:
  class Peer {
   public:
    explicit Peer(int fd) : fd_(fd) {}
    // The next whole request, headers and body; empty once the client left.
    std::string ReadRequest();
    // False once the client left.
    bool Write(std::string_view bytes);
    // Waits until the client has closed the connection.
    void AwaitClosed();

   private:
    const int fd_;
    std::string unread_;
  };
  using Script = std::function<void(Peer& peer)>;

  // On 127.0.0.1 and a free port, or on a Unix socket.
  explicit ScriptedServer(Script script, const std::string& socket_path = "");
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  const std::string& endpoint() const { return endpoint_; }
  int connection_count() const;

 private:
  void Accept();
  void Serve(int fd);

  const Script script_;
  std::string endpoint_;
  int listener_ = -1;
  mutable Mutex mutex_;
  bool is_stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<int> open_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
  std::thread acceptor_;
};

// An answer with its length told.
std::string HttpAnswer(int status, std::string_view body,
                       std::string_view more_headers = "");

}  // namespace warmup

#endif  // WARMUP_TESTS_SUPPORT_SCRIPTED_SERVER_H_
