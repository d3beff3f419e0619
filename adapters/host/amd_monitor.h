#ifndef WARMUP_ADAPTERS_HOST_AMD_MONITOR_H_
#define WARMUP_ADAPTERS_HOST_AMD_MONITOR_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/ports/device_monitor.h"

namespace warmup {

// AMD's GPUs, as the kernel's driver (amdgpu) shows them in sysfs: memory, how
// busy each is, its link, and its own number. "amd0", "amd1" in the order of
// the kernel's cards; those without memory of their own that is told, as parts
// of a processor have, are left out. Who holds the memory is not told there.
class AmdMonitor final : public DeviceMonitor {
 public:
  explicit AmdMonitor(std::string drm_folder = "/sys/class/drm")
      : drm_folder_(std::move(drm_folder)) {}

  // NOT_FOUND (NO_DEVICES) where there are none.
  absl::StatusOr<std::vector<DeviceSample>> Sample() override;

 private:
  const std::string drm_folder_;
};

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_HOST_AMD_MONITOR_H_
