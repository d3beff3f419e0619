#ifndef WARMUP_DEMO_DAEMON_H_
#define WARMUP_DEMO_DAEMON_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace warmup::demo {

// A warmupd in a process of its own, with its output in a log file. Not
// thread-safe. The destructor stops it.
class Daemon {
 public:
  // The process ends by itself if this one dies.
  static absl::StatusOr<Daemon> Start(const std::vector<std::string>& command,
                                      const std::string& log_path);
  Daemon(Daemon&& other) noexcept;
  Daemon& operator=(Daemon&& other) = delete;
  ~Daemon();

  bool IsAlive();
  pid_t pid() const { return pid_; }
  // What it ended with, 128 + n if by signal n. Only when it is not alive.
  int exit_code() const;
  // SIGTERM, then after `patience` SIGKILL. An error unless it ended by
  // itself, with 0.
  absl::Status Stop(absl::Duration patience);
  // The last lines of its log, for an error message.
  std::string LogTail() const;

 private:
  Daemon(pid_t pid, std::string log_path);

  pid_t pid_;
  int wait_status_ = 0;
  std::string log_path_;
};

}  // namespace warmup::demo

#endif  // WARMUP_DEMO_DAEMON_H_
