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
      for (const nvmlPcieUtilCounter_t counter :
           {NVML_PCIE_UTIL_RX_BYTES, NVML_PCIE_UTIL_TX_BYTES}) {
        if (is_stopping_) continue;
        mutex_.Unlock();
        const std::optional<int64_t> told = Measure(gpu, counter);
        mutex_.Lock();
        Throughput& throughput = measured[gpu];
        (counter == NVML_PCIE_UTIL_RX_BYTES
             ? throughput.received_bytes_per_second
             : throughput.sent_bytes_per_second) = told;
      }
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
