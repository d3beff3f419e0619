#include "adapters/engines/http/stop_signal.h"

#include <sys/eventfd.h>
#include <unistd.h>

namespace warmup {

StopSignal::StopSignal() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

StopSignal::~StopSignal() {
  if (fd_ >= 0) close(fd_);
}

void StopSignal::Stop() {
  is_stopped_ = true;
  if (fd_ >= 0) eventfd_write(fd_, 1);
}

}  // namespace warmup
