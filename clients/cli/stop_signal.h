#ifndef WARMUP_CLIENTS_CLI_STOP_SIGNAL_H_
#define WARMUP_CLIENTS_CLI_STOP_SIGNAL_H_

#include <signal.h>

#include <atomic>
#include <functional>
#include <thread>

namespace warmup::cli {

// While it lives, SIGINT and SIGTERM do not kill the program but call `on_stop`
// from a thread of its own. Made before any other thread (so before the first
// channel), because it blocks the signals for the threads that come later.
class StopSignal {
 public:
  explicit StopSignal(std::function<void()> on_stop);
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  // From any thread.
  bool is_requested() const { return is_requested_.load(); }

 private:
  void Wait();

  const std::function<void()> on_stop_;
  sigset_t signals_{};
  sigset_t blocked_before_{};
  std::atomic<bool> is_requested_{false};
  std::atomic<bool> is_ending_{false};
  std::thread thread_;
};

}  // namespace warmup::cli

#endif  // WARMUP_CLIENTS_CLI_STOP_SIGNAL_H_
