#ifndef WARMUP_ADAPTERS_HOST_HOST_MEMORY_H_
#define WARMUP_ADAPTERS_HOST_HOST_MEMORY_H_

#include <string>

#include "absl/status/statusor.h"
#include "core/ports/device_monitor.h"

namespace warmup {

// The host's memory as this process may use it: MemTotal and MemAvailable of
// /proc/meminfo, or less where a cgroup (version 2) of this process or one
// above it has a memory.max.
//
// Free means what the kernel could give to a new allocation, so the page cache
// counts as free, warm model files included, except what is locked: that warm
// models keep their place is the ledger's business, not this measurement's.
//
// Thread-safe; keeps nothing between calls.
class HostMemory {
 public:
  struct Options {
    std::string proc = "/proc";
    std::string cgroup = "/sys/fs/cgroup";
  };
  explicit HostMemory(Options options);

  // UNAVAILABLE when /proc/meminfo cannot be read or understood. A cgroup that
  // cannot be read sets no bound.
  absl::StatusOr<DeviceMemory> Measure() const;

 private:
  const Options options_;
};

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_HOST_HOST_MEMORY_H_
