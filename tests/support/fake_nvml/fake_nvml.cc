// A libnvidia-ml.so.1 without a driver: what every version of it has.
// fake_nvml_newer.cc is the rest.
#include "tests/support/fake_nvml/fake_nvml.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <set>
#include <string>
#include <utility>

#include "tests/support/fake_nvml/answer.h"

using warmup::FakeGpu;
using warmup::FakeNvmlWorld;
using warmup::fake_nvml_internal::Answer;
using warmup::fake_nvml_internal::AnswerFor;
using warmup::fake_nvml_internal::Begin;
using warmup::fake_nvml_internal::Handle;
using warmup::fake_nvml_internal::Tell;

warmup::FakeNvml* fake_nvml() {
  static warmup::FakeNvml fake;
  return &fake;
}

namespace {

nvmlReturn_t TellText(const char* function, nvmlDevice_t device, char* text,
                      unsigned int length, std::string FakeGpu::* member) {
  return AnswerFor(function, device, [&](FakeNvmlWorld&, FakeGpu& gpu) {
    const std::string& told = gpu.*member;
    if (told.size() + 1 > length) return NVML_ERROR_INSUFFICIENT_SIZE;
    std::memcpy(text, told.c_str(), told.size() + 1);
    return NVML_SUCCESS;
  });
}

}  // namespace

// --- The library itself ------------------------------------------------------
nvmlReturn_t nvmlInit_v2() {
  return fake_nvml()->With([](FakeNvmlWorld& world) {
    if (world.is_open) ++world.misuses;  // opened twice
    const bool was_open = std::exchange(world.is_open, true);
    nvmlReturn_t result = Begin(world, "nvmlInit_v2");
    if (result == NVML_SUCCESS) result = world.init_result;
    if (result != NVML_SUCCESS) {
      world.is_open = was_open;
      return result;
    }
    ++world.openings;
    world.gpus_when_opened = static_cast<unsigned int>(world.gpus.size());
    return NVML_SUCCESS;
  });
}

nvmlReturn_t nvmlShutdown() {
  return fake_nvml()->With([](FakeNvmlWorld& world) {
    if (!world.is_open || world.event_sets != 0) ++world.misuses;
    world.is_open = false;
    return NVML_SUCCESS;
  });
}

const char* nvmlErrorString(nvmlReturn_t result) {
  switch (result) {
    case NVML_ERROR_GPU_IS_LOST:
      return "GPU is lost";
    case NVML_ERROR_UNKNOWN:
      return "Unknown Error";
    default:
      return "Some Error";
  }
}

nvmlReturn_t nvmlDeviceGetCount_v2(unsigned int* count) {
  return Answer(__func__, [&](FakeNvmlWorld& world) {
    *count = world.gpus_when_opened;
    return NVML_SUCCESS;
  });
}

nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned int index,
                                           nvmlDevice_t* device) {
  return Answer(__func__, [&](FakeNvmlWorld& world) {
    if (index >= world.gpus_when_opened) return NVML_ERROR_INVALID_ARGUMENT;
    *device = Handle(world, index, -1);
    return NVML_SUCCESS;
  });
}

// --- A device ----------------------------------------------------------------
nvmlReturn_t nvmlDeviceGetUUID(nvmlDevice_t device, char* uuid,
                               unsigned int length) {
  return TellText(__func__, device, uuid, length, &FakeGpu::uuid);
}

nvmlReturn_t nvmlDeviceGetName(nvmlDevice_t device, char* name,
                               unsigned int length) {
  return TellText(__func__, device, name, length, &FakeGpu::name);
}

nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t device,
                                     nvmlMemory_t* memory) {
  return AnswerFor(__func__, device, [&](FakeNvmlWorld&, FakeGpu& gpu) {
    memory->total = gpu.total_bytes;
    memory->free = gpu.free_bytes;
    memory->used = gpu.total_bytes - gpu.free_bytes;
    return NVML_SUCCESS;
  });
}

nvmlReturn_t nvmlDeviceGetUtilizationRates(nvmlDevice_t device,
                                           nvmlUtilization_t* utilization) {
  return Tell(__func__, device, &utilization->gpu, &FakeGpu::busy_percent);
}

nvmlReturn_t nvmlDeviceGetMaxPcieLinkGeneration(nvmlDevice_t device,
                                                unsigned int* generation) {
  return Tell(__func__, device, generation, &FakeGpu::link_generation);
}

nvmlReturn_t nvmlDeviceGetMaxPcieLinkWidth(nvmlDevice_t device,
                                           unsigned int* width) {
  return Tell(__func__, device, width, &FakeGpu::link_width);
}

nvmlReturn_t nvmlDeviceGetPcieThroughput(nvmlDevice_t device,
                                         nvmlPcieUtilCounter_t counter,
                                         unsigned int* value) {
  fake_nvml()->With([](FakeNvmlWorld& world) { ++world.throughput_calls; });
  fake_nvml()->Eventually(
      [](const FakeNvmlWorld& world) { return !world.throughput_waits; });
  return Tell(__func__, device, value,
              counter == NVML_PCIE_UTIL_RX_BYTES
                  ? &FakeGpu::received_kilobytes_per_second
                  : &FakeGpu::sent_kilobytes_per_second);
}

nvmlReturn_t nvmlDeviceGetComputeMode(nvmlDevice_t device,
                                      nvmlComputeMode_t* mode) {
  return Tell(__func__, device, mode, &FakeGpu::compute_mode);
}

// --- Events
// --------------------------------------------------------------------
struct nvmlEventSet_st {
  std::set<unsigned int> gpus;
};

nvmlReturn_t nvmlEventSetCreate(nvmlEventSet_t* set) {
  return Answer(__func__, [&](FakeNvmlWorld& world) {
    *set = new nvmlEventSet_st;
    ++world.event_sets;
    return NVML_SUCCESS;
  });
}

nvmlReturn_t nvmlEventSetFree(nvmlEventSet_t set) {
  return fake_nvml()->With([&](FakeNvmlWorld& world) {
    if (!world.is_open) ++world.misuses;
    delete set;
    --world.event_sets;
    return NVML_SUCCESS;
  });
}

nvmlReturn_t nvmlDeviceGetSupportedEventTypes(nvmlDevice_t device,
                                              unsigned long long* types) {
  return AnswerFor(__func__, device, [&](FakeNvmlWorld&, FakeGpu&) {
    *types = nvmlEventTypeXidCriticalError | nvmlEventTypeDoubleBitEccError |
             nvmlEventTypeClock;
    return NVML_SUCCESS;
  });
}

nvmlReturn_t nvmlDeviceRegisterEvents(nvmlDevice_t device,
                                      unsigned long long types,
                                      nvmlEventSet_t set) {
  return AnswerFor(__func__, device, [&](FakeNvmlWorld&, FakeGpu&) {
    if ((types & nvmlEventTypeClock) == 0) set->gpus.insert(device->gpu);
    return NVML_SUCCESS;
  });
}

nvmlReturn_t nvmlEventSetWait_v2(nvmlEventSet_t set, nvmlEventData_t* data,
                                 unsigned int /*timeout_ms*/) {
  return Answer(__func__, [&](FakeNvmlWorld& world) {
    if (world.events.empty() || !set->gpus.contains(world.events[0].gpu)) {
      return NVML_ERROR_TIMEOUT;
    }
    const FakeNvmlWorld::Event event = world.events.front();
    world.events.pop_front();
    *data = {};
    data->device = Handle(world, event.gpu, -1);
    data->eventType = event.type;
    data->eventData = event.data;
    return NVML_SUCCESS;
  });
}
