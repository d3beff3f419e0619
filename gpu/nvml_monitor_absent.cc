// Instead of nvml_monitor.cc, where the CUDA Toolkit's headers are not there.
#include "core/base/error.h"
#include "gpu/nvml_monitor.h"

namespace warmup {

class NvmlMonitor::Gpus {};

// NOLINTNEXTLINE(performance-unnecessary-value-param): as where it is used
NvmlMonitor::NvmlMonitor(Options /*options*/, const Clock& /*clock*/) {}
NvmlMonitor::~NvmlMonitor() = default;

absl::StatusOr<std::vector<DeviceSample>> NvmlMonitor::Sample() {
  return MakeError(absl::StatusCode::kNotFound, "BUILT_WITHOUT_CUDA",
                   "this warmupd was built without the CUDA Toolkit's headers");
}

}  // namespace warmup
