#ifndef WARMUP_GPU_NVML_MONITOR_H_
#define WARMUP_GPU_NVML_MONITOR_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/clock.h"
#include "core/ports/device_monitor.h"

namespace warmup {

// NVIDIA's GPUs, by NVML alone: the driver's library is opened when it is
// needed, and no context is made. Where this was built without the CUDA
// Toolkit's headers, there are none, and the error says so.
//
// A driver that comes later is found, and one that is replaced or gets more
// GPUs is opened anew, at most every 15 seconds. A GPU that is lost stays in
// the list under its name, until the driver no longer lists it.
class NvmlMonitor final : public DeviceMonitor {
 public:
  struct Options {
    std::string library = "libnvidia-ml.so.1";
    // Has a folder for each GPU, which is how one that is plugged in shows:
    // NVML goes on telling what was there when it was opened.
    std::string gpus_folder = "/proc/driver/nvidia/gpus";
  };
  // `clock` must outlive it.
  NvmlMonitor(Options options, const Clock& clock);
  ~NvmlMonitor() override;

  // NOT_FOUND with the reason NO_DRIVER, NO_DEVICES, or BUILT_WITHOUT_CUDA;
  // UNAVAILABLE with DRIVER_VERSION_MISMATCH or NVML_FAILED.
  absl::StatusOr<std::vector<DeviceSample>> Sample() override;

 private:
  class Gpus;
  const std::unique_ptr<Gpus> gpus_;
};

}  // namespace warmup

#endif  // WARMUP_GPU_NVML_MONITOR_H_
