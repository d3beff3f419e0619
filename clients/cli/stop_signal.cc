#include "clients/cli/stop_signal.h"

#include <utility>

namespace warmup::cli {

StopSignal::StopSignal(std::function<void()> on_stop)
    : on_stop_(std::move(on_stop)) {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGINT);
  sigaddset(&signals_, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals_, &blocked_before_);
  thread_ = std::thread([this] { Wait(); });
}

StopSignal::~StopSignal() {
  is_ending_.store(true);
  // Wakes it from sigwait(): the signal is blocked, it ends nothing.
  // NOLINTNEXTLINE(bugprone-bad-signal-to-kill-thread)
  pthread_kill(thread_.native_handle(), SIGTERM);
  thread_.join();
  pthread_sigmask(SIG_SETMASK, &blocked_before_, nullptr);
}

void StopSignal::Wait() {
  while (!is_ending_.load()) {
    int signal = 0;
    sigwait(&signals_, &signal);
    if (is_ending_.load() || is_requested_.exchange(true)) continue;
    on_stop_();
  }
}

}  // namespace warmup::cli
