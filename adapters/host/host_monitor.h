#ifndef WARMUP_ADAPTERS_HOST_HOST_MONITOR_H_
#define WARMUP_ADAPTERS_HOST_HOST_MONITOR_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "adapters/host/host_memory.h"
#include "core/ports/device_monitor.h"

namespace warmup {

// Sees the device "host": its memory (HostMemory), the processors this process
// may use (its affinity, or less where a cgroup has a cpu.max), and how much
// tasks wait for them, for memory and for disks (/proc/pressure). A kernel
// without pressure stall information shows none.
class HostMonitor final : public DeviceMonitor {
 public:
  explicit HostMonitor(HostMemory::Options options);

  // One device. UNAVAILABLE as HostMemory::Measure.
  absl::StatusOr<std::vector<DeviceSample>> Sample() override;

 private:
  const HostMemory::Options options_;
  const HostMemory memory_;
  const std::string name_;  // of the processor
};

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_HOST_HOST_MONITOR_H_
