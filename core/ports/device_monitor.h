#ifndef WARMUP_CORE_PORTS_DEVICE_MONITOR_H_
#define WARMUP_CORE_PORTS_DEVICE_MONITOR_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace warmup {

// Memory of one device as the operating system or driver tells it.
struct DeviceMemory {
  int64_t total_bytes = 0;
  int64_t free_bytes = 0;  // what a new allocation could have
};

// One device as it is now. What its system or driver does not tell is empty,
// which is no error.
struct DeviceSample {
  enum class Kind { kHost, kGpu };

  struct Process {
    int64_t pid = 0;
    int64_t bytes = 0;  // of the device's memory
  };
  // Its connection to the host.
  struct Link {
    int generation = 0;  // of PCIe, the highest that both ends can
    int width = 0;       // lanes, likewise
    // Measured lately.
    std::optional<int64_t> received_bytes_per_second;  // by the device
    std::optional<int64_t> sent_bytes_per_second;
  };
  // Shares of the last ten seconds, in [0, 1], in which some task waited for
  // it (pressure stall information).
  struct Pressure {
    double cpu = 0;
    double memory = 0;
    double io = 0;
  };

  // What models name it by: "host", "gpu0", "gpu0.1" for an instance of a GPU
  // that is divided (MIG), "amd0"; numbered as the driver does: after a restart
  // of the machine a number may be another's.
  std::string id;
  Kind kind = Kind::kGpu;
  std::string uuid;  // its own for good; empty for the host
  std::string name;  // "NVIDIA H200"
  // Why nothing can be placed on it: it was lost, or another process has it
  // for itself. Empty if something can.
  std::string problem;
  std::optional<DeviceMemory> memory;
  std::optional<double> busy;  // part of the time that it computed, in [0, 1]
  std::optional<Link> link;
  // Of others too; empty is not "none" where `shows_processes` is false.
  std::vector<Process> processes;
  bool shows_processes = false;
  // Of a GPU: uncorrected faults that the driver told since the monitor began.
  int64_t faults = 0;
  // Of the host.
  std::optional<double> cores;  // what this process may use
  std::optional<Pressure> pressure;
};

// Sees the devices of one kind, as their makers' libraries or the system show
// them. Watching takes nothing from them: no memory, no context.
class DeviceMonitor {
 public:
  virtual ~DeviceMonitor() = default;
  // All that are there now, in order of their ids. An error says why none can
  // be seen: NOT_FOUND, there are none (or no driver); else UNAVAILABLE. Blocks
  // briefly; never called while a mutex is held, nor by two threads at once.
  virtual absl::StatusOr<std::vector<DeviceSample>> Sample() = 0;
};

}  // namespace warmup

#endif  // WARMUP_CORE_PORTS_DEVICE_MONITOR_H_
