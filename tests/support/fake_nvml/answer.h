#ifndef WARMUP_TESTS_SUPPORT_FAKE_NVML_ANSWER_H_
#define WARMUP_TESTS_SUPPORT_FAKE_NVML_ANSWER_H_

// How the functions of the fake libraries answer; not for tests.

#include <cstddef>

#include "tests/support/fake_nvml/fake_nvml.h"

namespace warmup::fake_nvml_internal {

// What happens to every call first.
inline nvmlReturn_t Begin(FakeNvmlWorld& world, const char* function) {
  ++world.calls;
  if (world.calls_until_failure > 0 && --world.calls_until_failure == 0) {
    return world.failure;
  }
  if (!world.is_open) {
    ++world.misuses;
    return NVML_ERROR_UNINITIALIZED;
  }
  const auto failing = world.failing.find(function);
  return failing == world.failing.end() ? NVML_SUCCESS : failing->second;
}

inline nvmlDevice_t Handle(FakeNvmlWorld& world, unsigned int gpu,
                           int instance) {
  for (nvmlDevice_st& handle : world.handles) {
    if (handle.opening == world.openings && handle.gpu == gpu &&
        handle.instance == instance) {
      return &handle;
    }
  }
  return &world.handles.emplace_back(
      nvmlDevice_st{world.openings, gpu, instance});
}

// answer(world)
template <class Function>
nvmlReturn_t Answer(const char* function, Function answer) {
  return fake_nvml()->With([&](FakeNvmlWorld& world) {
    const nvmlReturn_t begun = Begin(world, function);
    return begun == NVML_SUCCESS ? answer(world) : begun;
  });
}

// answer(world, device)
template <class Function>
nvmlReturn_t AnswerFor(const char* function, nvmlDevice_t device,
                       Function answer) {
  return Answer(function, [&](FakeNvmlWorld& world) {
    if (device->opening != world.openings) {
      ++world.misuses;
      return NVML_ERROR_INVALID_ARGUMENT;
    }
    if (device->gpu >= world.gpus.size() || world.gpus[device->gpu].is_lost) {
      return NVML_ERROR_GPU_IS_LOST;
    }
    FakeGpu& gpu = world.gpus[device->gpu];
    if (device->instance < 0) return answer(world, gpu);
    const auto number = static_cast<size_t>(device->instance);
    if (number >= gpu.instances.size() || gpu.instances[number].is_gap) {
      return NVML_ERROR_NOT_FOUND;
    }
    return answer(world, gpu.instances[number]);
  });
}

// The function's value is one member of the device.
template <class Value, class Member>
nvmlReturn_t Tell(const char* function, nvmlDevice_t device, Value* value,
                  Member FakeGpu::* member) {
  return AnswerFor(function, device, [&](FakeNvmlWorld&, FakeGpu& gpu) {
    *value = static_cast<Value>(gpu.*member);
    return NVML_SUCCESS;
  });
}

}  // namespace warmup::fake_nvml_internal

#endif  // WARMUP_TESTS_SUPPORT_FAKE_NVML_ANSWER_H_
