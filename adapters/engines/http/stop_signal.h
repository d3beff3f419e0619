#ifndef WARMUP_ADAPTERS_ENGINES_HTTP_STOP_SIGNAL_H_
#define WARMUP_ADAPTERS_ENGINES_HTTP_STOP_SIGNAL_H_

#include <atomic>

namespace warmup {

// Ends a call that waits on the network, at once, without its having to look
// around meanwhile. Once given it stays. Thread-safe; outlives the call.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  void Stop();
  bool IsStopped() const { return is_stopped_; }
  // Readable once it is given. -1 where the system had none left: then whoever
  // waits has to ask.
  int fd() const { return fd_; }

 private:
  const int fd_;
  std::atomic<bool> is_stopped_ = false;
};

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_HTTP_STOP_SIGNAL_H_
