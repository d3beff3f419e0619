#include "gpu/pcie_meter.h"

#include <utility>

namespace warmup {
namespace {

constexpr absl::Duration kLately = absl::Seconds(10);

}  // namespace

PcieMeter::PcieMeter(const NvmlLibrary& nvml)
    : nvml_(nvml), thread_([this] { Run(); }) {}

PcieMeter::~PcieMeter() {
  {
    MutexLock lock(mutex_);
    is_stopping_ = true;
  }
  asked_.NotifyAll();
  thread_.join();
}

std::map<nvmlDevice_t, PcieMeter::Throughput> PcieMeter::Ask(
    std::vector<nvmlDevice_t> gpus, absl::Time now) {
  MutexLock lock(mutex_);
  gpus_ = std::move(gpus);
  asked_at_ = now;
  asked_.NotifyAll();
  if (now - measured_for_ > kLately) return {};
  return measured_;
}

void PcieMeter::Run() {
  mutex_.Lock();
  while (!is_stopping_) {
    if (gpus_.empty()) {
      asked_.Wait(mutex_);
      continue;
    }
    const std::vector<nvmlDevice_t> gpus = std::exchange(gpus_, {});
    const absl::Time asked_at = asked_at_;
    std::map<nvmlDevice_t, Throughput> measured;
    for (nvmlDevice_t gpu : gpus) {
      if (is_stopping_) break;
      mutex_.Unlock();
      Throughput& throughput = measured[gpu];
      throughput.received_bytes_per_second =
          Measure(gpu, NVML_PCIE_UTIL_RX_BYTES);
      throughput.sent_bytes_per_second = Measure(gpu, NVML_PCIE_UTIL_TX_BYTES);
      mutex_.Lock();
    }
    measured_ = std::move(measured);
    measured_for_ = asked_at;
  }
  mutex_.Unlock();
}

std::optional<int64_t> PcieMeter::Measure(nvmlDevice_t gpu,
                                          nvmlPcieUtilCounter_t counter) const {
  unsigned int kilobytes_per_second = 0;
  if (NvmlLibrary::Call(nvml_.nvmlDeviceGetPcieThroughput, gpu, counter,
                        &kilobytes_per_second) != NVML_SUCCESS) {
    return std::nullopt;
  }
  return int64_t{kilobytes_per_second} * 1000;
}

}  // namespace warmup
