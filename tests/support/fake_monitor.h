#ifndef WARMUP_TESTS_SUPPORT_FAKE_MONITOR_H_
#define WARMUP_TESTS_SUPPORT_FAKE_MONITOR_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "core/base/mutex.h"
#include "core/ports/device_monitor.h"

namespace warmup {

// The device "host" with memory.
inline DeviceSample HostOf(int64_t total_bytes, int64_t free_bytes) {
  DeviceSample host;
  host.id = "host";
  host.kind = DeviceSample::Kind::kHost;
  host.memory = {.total_bytes = total_bytes, .free_bytes = free_bytes};
  return host;
}

// Sees what it is told to see. Thread-safe.
class FakeMonitor final : public DeviceMonitor {
 public:
  explicit FakeMonitor(std::vector<DeviceSample> devices)
      : devices_(std::move(devices)) {}

  void Show(absl::StatusOr<std::vector<DeviceSample>> devices) {
    MutexLock lock(mutex_);
    devices_ = std::move(devices);
  }
  // Does not answer while it hangs.
  void Hang(bool hangs) {
    MutexLock lock(mutex_);
    hangs_ = hangs;
    changed_.NotifyAll();
  }
  absl::StatusOr<std::vector<DeviceSample>> Sample() override {
    MutexLock lock(mutex_);
    while (hangs_) changed_.Wait(mutex_);
    return devices_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool hangs_ ABSL_GUARDED_BY(mutex_) = false;
  absl::StatusOr<std::vector<DeviceSample>> devices_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace warmup

#endif  // WARMUP_TESTS_SUPPORT_FAKE_MONITOR_H_
