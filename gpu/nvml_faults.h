#ifndef WARMUP_GPU_NVML_FAULTS_H_
#define WARMUP_GPU_NVML_FAULTS_H_

#include <cstdint>
#include <map>
#include <string>

#include "gpu/nvml_library.h"

namespace warmup {

// Uncorrected faults of the GPUs, as the driver reports them (Xid errors, and
// memory errors that ECC did not correct), from the construction on. Not those
// that a program brings about: they say nothing of the device.
//
// Not thread-safe. The driver keeps the reports until somebody comes for them,
// so no thread has to wait for any.
class NvmlFaults {
 public:
  // `nvml` must outlive it.
  explicit NvmlFaults(const NvmlLibrary& nvml);
  ~NvmlFaults();
  NvmlFaults(const NvmlFaults&) = delete;
  NvmlFaults& operator=(const NvmlFaults&) = delete;

  // Adds what was reported since the last call, by the GPU's UUID.
  void Collect(std::map<std::string, int64_t>& faults);

 private:
  const NvmlLibrary& nvml_;
  nvmlEventSet_t set_ = nullptr;
  // A GPU that is lost does not tell its UUID any more.
  std::map<nvmlDevice_t, std::string> uuids_;
};

}  // namespace warmup

#endif  // WARMUP_GPU_NVML_FAULTS_H_
