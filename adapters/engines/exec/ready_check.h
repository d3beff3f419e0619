#ifndef WARMUP_ADAPTERS_ENGINES_EXEC_READY_CHECK_H_
#define WARMUP_ADAPTERS_ENGINES_EXEC_READY_CHECK_H_

#include <netinet/in.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/engines/exec/command.h"

namespace warmup::exec {

// Asks a command whether it is ready, where it is asked at an address: a URL or
// a port. Thread-safe.
class ReadyCheck {
 public:
  // INVALID_ARGUMENT ("ready", "ready.url", "ready.port" or "ready.line").
  static absl::StatusOr<ReadyCheck> Create(const std::string& engine,
                                           const Readiness& ready);

  // For people: "http://127.0.0.1:80/health"; empty: by a line of its output.
  const std::string& where() const { return where_; }
  bool has_address() const { return !sockets_.empty(); }
  // Whether both cannot listen at once.
  bool SharesAddressWith(const ReadyCheck& other) const;

  // Whether anybody accepts a connection there.
  bool IsTaken() const;
  // Whether what is asked for is answered. Returns within kCancelLatency when
  // it is cancelled.
  bool IsReady(const std::function<bool()>& is_cancelled) const;

 private:
  ReadyCheck() = default;

  std::string where_;
  std::vector<sockaddr_in6> sockets_;  // IPv4 as mapped addresses
  // A client for each question: a connection that is kept would hold up a
  // server that serves one at a time.
  std::string engine_;
  std::string endpoint_;  // empty: that it accepts connections is enough
  std::string path_;
};

}  // namespace warmup::exec

#endif  // WARMUP_ADAPTERS_ENGINES_EXEC_READY_CHECK_H_
