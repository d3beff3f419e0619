#ifndef WARMUP_CORE_PORTS_DEVICE_MONITOR_H_
#define WARMUP_CORE_PORTS_DEVICE_MONITOR_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace warmup {

// Memory of one device as the operating system or driver tells it.
struct DeviceMemory {
  int64_t total_bytes = 0;
  int64_t free_bytes = 0;  // what a new allocation could have
};

// Measures one device. Blocks briefly; never called while a mutex is held.
class DeviceMonitor {
 public:
  virtual ~DeviceMonitor() = default;
  virtual absl::StatusOr<DeviceMemory> Measure() = 0;
};

}  // namespace warmup

#endif  // WARMUP_CORE_PORTS_DEVICE_MONITOR_H_
