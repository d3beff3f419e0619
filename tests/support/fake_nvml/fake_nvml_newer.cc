// What old drivers do not have: a libnvidia-ml.so.1 without this file is one.
#include <cstddef>
#include <vector>

#include "tests/support/fake_nvml/answer.h"
#include "tests/support/fake_nvml/fake_nvml.h"

using warmup::FakeGpu;
using warmup::FakeNvmlWorld;
using warmup::fake_nvml_internal::AnswerFor;
using warmup::fake_nvml_internal::Handle;

namespace {

nvmlReturn_t TellProcesses(const char* function, nvmlDevice_t device,
                           unsigned int* count, nvmlProcessInfo_t* list,
                           std::vector<FakeGpu::Process> FakeGpu::* member) {
  return AnswerFor(function, device, [&](FakeNvmlWorld&, FakeGpu& gpu) {
    const std::vector<FakeGpu::Process>& processes = gpu.*member;
    const unsigned int room = *count;
    *count = static_cast<unsigned int>(processes.size());
    if (room < processes.size()) return NVML_ERROR_INSUFFICIENT_SIZE;
    for (size_t i = 0; i < processes.size(); ++i) {
      list[i] = {};
      list[i].pid = processes[i].pid;
      list[i].usedGpuMemory = processes[i].bytes;
    }
    return NVML_SUCCESS;
  });
}

}  // namespace

nvmlReturn_t nvmlDeviceGetMemoryInfo_v2(nvmlDevice_t device,
                                        nvmlMemory_v2_t* memory) {
  return AnswerFor(__func__, device, [&](FakeNvmlWorld&, FakeGpu& gpu) {
    if (memory->version != nvmlMemory_v2) {
      return NVML_ERROR_ARGUMENT_VERSION_MISMATCH;
    }
    memory->total = gpu.total_bytes;
    memory->free = gpu.free_bytes;
    memory->used = gpu.total_bytes - gpu.free_bytes;
    memory->reserved = 0;
    return NVML_SUCCESS;
  });
}

nvmlReturn_t nvmlDeviceGetComputeRunningProcesses_v3(nvmlDevice_t device,
                                                     unsigned int* count,
                                                     nvmlProcessInfo_t* list) {
  return TellProcesses(__func__, device, count, list, &FakeGpu::computing);
}

nvmlReturn_t nvmlDeviceGetGraphicsRunningProcesses_v3(nvmlDevice_t device,
                                                      unsigned int* count,
                                                      nvmlProcessInfo_t* list) {
  return TellProcesses(__func__, device, count, list, &FakeGpu::drawing);
}

// --- GPUs that are divided
// -----------------------------------------------------
nvmlReturn_t nvmlDeviceGetMigMode(nvmlDevice_t device, unsigned int* mode,
                                  unsigned int* after_reset) {
  return AnswerFor(__func__, device, [&](FakeNvmlWorld&, FakeGpu& gpu) {
    *mode = gpu.is_divided ? NVML_DEVICE_MIG_ENABLE : NVML_DEVICE_MIG_DISABLE;
    *after_reset = *mode;
    return NVML_SUCCESS;
  });
}

nvmlReturn_t nvmlDeviceGetMaxMigDeviceCount(nvmlDevice_t device,
                                            unsigned int* count) {
  return AnswerFor(__func__, device, [&](FakeNvmlWorld&, FakeGpu&) {
    *count = 7;
    return NVML_SUCCESS;
  });
}

nvmlReturn_t nvmlDeviceGetMigDeviceHandleByIndex(nvmlDevice_t device,
                                                 unsigned int index,
                                                 nvmlDevice_t* instance) {
  return AnswerFor(__func__, device, [&](FakeNvmlWorld& world, FakeGpu& gpu) {
    if (index >= gpu.instances.size() || gpu.instances[index].is_gap) {
      return NVML_ERROR_NOT_FOUND;
    }
    *instance = Handle(world, device->gpu, static_cast<int>(index));
    return NVML_SUCCESS;
  });
}
