#ifndef WARMUP_GPU_NVML_DEVICE_H_
#define WARMUP_GPU_NVML_DEVICE_H_

#include <string>
#include <vector>

#include "core/ports/device_monitor.h"
#include "gpu/nvml_library.h"

namespace warmup {

struct GpuReading {
  std::string uuid;  // of the whole GPU
  // The GPU itself or, where it is divided (MIG), the instances: what is
  // placed goes into one of those. A divided GPU without any is there itself,
  // with that as its problem.
  std::vector<DeviceSample> devices;
  // Why it no longer answers; then nothing above is to be used.
  std::string lost;
};

// Reads one GPU, that `id` names. What it does not tell stays empty; faults
// and measured throughput are not read here.
GpuReading ReadGpu(const NvmlLibrary& nvml, nvmlDevice_t gpu,
                   const std::string& id);

}  // namespace warmup

#endif  // WARMUP_GPU_NVML_DEVICE_H_
