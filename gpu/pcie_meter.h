#ifndef WARMUP_GPU_PCIE_METER_H_
#define WARMUP_GPU_PCIE_METER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "core/base/mutex.h"
#include "gpu/nvml_library.h"

namespace warmup {

// Measures what goes over PCIe. NVML watches for 20 ms, twice a GPU, and
// blocks meanwhile: a thread of its own waits for that. It measures once for
// each time that somebody asks, so it rests when nobody does.
//
// Thread-safe. The destructor waits for at most one call of NVML.
class PcieMeter {
 public:
  struct Throughput {
    std::optional<int64_t> received_bytes_per_second;  // by the GPU
    std::optional<int64_t> sent_bytes_per_second;
  };

  // `nvml` must outlive it.
  explicit PcieMeter(const NvmlLibrary& nvml);
  ~PcieMeter();
  PcieMeter(const PcieMeter&) = delete;
  PcieMeter& operator=(const PcieMeter&) = delete;

  // What was measured for an earlier call, if that was in the last 10 seconds;
  // has `gpus` measured for the next one. Does not block.
  std::map<nvmlDevice_t, Throughput> Ask(std::vector<nvmlDevice_t> gpus,
                                         absl::Time now);

 private:
  void Run();
  std::optional<int64_t> Measure(nvmlDevice_t gpu,
                                 nvmlPcieUtilCounter_t counter) const;

  const NvmlLibrary& nvml_;
  Mutex mutex_;
  CondVar asked_;
  bool is_stopping_ ABSL_GUARDED_BY(mutex_) = false;
  // Of the call that is waiting to be served.
  std::vector<nvmlDevice_t> gpus_ ABSL_GUARDED_BY(mutex_);
  absl::Time asked_at_ ABSL_GUARDED_BY(mutex_);
  // Of the call that was served last.
  std::map<nvmlDevice_t, Throughput> measured_ ABSL_GUARDED_BY(mutex_);
  absl::Time measured_for_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  std::thread thread_;  // last: it uses the rest
};

}  // namespace warmup

#endif  // WARMUP_GPU_PCIE_METER_H_
