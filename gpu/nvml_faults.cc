#include "gpu/nvml_faults.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace warmup {
namespace {

// Numbers of Xid errors whose cause is the program: an exception of the
// graphics engine, an address that is not mapped, computing that was stopped
// or cleaned up, an exception of the video engine, a context switch that took
// too long. The device plugin of Kubernetes leaves out the same.
constexpr uint64_t kProgramsOwn[] = {13, 31, 43, 45, 68, 109};

bool IsProgramsOwn(const nvmlEventData_t& event) {
  return event.eventType == nvmlEventTypeXidCriticalError &&
         std::find(std::begin(kProgramsOwn), std::end(kProgramsOwn),
                   event.eventData) != std::end(kProgramsOwn);
}

}  // namespace

NvmlFaults::NvmlFaults(const NvmlLibrary& nvml) : nvml_(nvml) {
  unsigned int count = 0;
  if (NvmlLibrary::Call(nvml.nvmlDeviceGetCount_v2, &count) != NVML_SUCCESS ||
      NvmlLibrary::Call(nvml.nvmlEventSetCreate, &set_) != NVML_SUCCESS) {
    set_ = nullptr;
    return;
  }
  for (unsigned int index = 0; index < count; ++index) {
    nvmlDevice_t gpu = nullptr;
    auto types = decltype(nvmlEventData_t::eventType){};
    std::array<char, NVML_DEVICE_UUID_V2_BUFFER_SIZE> uuid = {};
    if (NvmlLibrary::Call(nvml.nvmlDeviceGetHandleByIndex_v2, index, &gpu) !=
            NVML_SUCCESS ||
        NvmlLibrary::Call(nvml.nvmlDeviceGetUUID, gpu, uuid.data(),
                          static_cast<unsigned int>(uuid.size() - 1)) !=
            NVML_SUCCESS ||
        NvmlLibrary::Call(nvml.nvmlDeviceGetSupportedEventTypes, gpu, &types) !=
            NVML_SUCCESS) {
      continue;
    }
    types &= nvmlEventTypeXidCriticalError | nvmlEventTypeDoubleBitEccError;
    NvmlLibrary::Call(nvml.nvmlDeviceRegisterEvents, gpu, types, set_);
    uuids_[gpu] = uuid.data();
  }
}

NvmlFaults::~NvmlFaults() {
  if (set_ != nullptr) NvmlLibrary::Call(nvml_.nvmlEventSetFree, set_);
}

void NvmlFaults::Collect(std::map<std::string, int64_t>& faults) {
  if (set_ == nullptr) return;
  // A storm of them keeps nobody here; the rest is for the next call.
  constexpr int kMost = 256;
  constexpr unsigned int kNoWait = 0;
  for (int i = 0; i < kMost; ++i) {
    nvmlEventData_t event = {};
    if (NvmlLibrary::Call(nvml_.nvmlEventSetWait_v2, set_, &event, kNoWait) !=
        NVML_SUCCESS) {
      return;
    }
    const auto uuid = uuids_.find(event.device);
    if (uuid != uuids_.end() && !IsProgramsOwn(event)) ++faults[uuid->second];
  }
}

}  // namespace warmup
