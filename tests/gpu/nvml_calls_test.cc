// Every call of NVML made to fail, one after another.
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gpu/nvml_monitor.h"
#include "tests/support/catch.h"
#include "tests/support/nvml_machine.h"

namespace warmup {
namespace {

using Ids = std::vector<std::string>;

// Fails the `number`th call that a monitor makes; false if a whole sample takes
// fewer. The machine checks that nothing stays open.
bool SurvivesFailure(int number, nvmlReturn_t failure) {
  NvmlMachine machine({PlainGpu(), DividedGpu()});
  machine.nvml.With([&](FakeNvmlWorld& world) {
    world.events.push_back({.gpu = 1, .data = 79});
    world.calls_until_failure = number;
    world.failure = failure;
    world.throughput_waits = true;  // its thread would count in between
  });
  const auto devices = machine.monitor->Sample();
  const bool was_reached = machine.nvml.With([](FakeNvmlWorld& world) {
    const bool reached = world.calls_until_failure == 0;
    world.calls_until_failure = 0;
    world.throughput_waits = false;
    return reached;
  });
  if (devices.ok()) {
    for (const DeviceSample& device : *devices) {
      CHECK_THAT(device.id, Catch::StartsWith("gpu"));
      if (device.problem.empty()) CHECK(device.memory.has_value());
    }
    if (!was_reached) CHECK(devices->size() == 3);
  } else {
    CHECK((absl::IsUnavailable(devices.status()) ||
           absl::IsNotFound(devices.status())));
    CHECK_FALSE(devices.status().message().empty());
  }
  // It has forgotten the failure.
  CHECK(IdsOf(machine.DevicesLater()) == Ids{"gpu0", "gpu1.0", "gpu1.2"});
  for (const DeviceSample& device : machine.Devices()) {
    CHECK(device.problem.empty());
    CHECK(device.memory.has_value());
    CHECK_FALSE(device.uuid.empty());
  }
  return was_reached;
}

TEST_CASE("NvmlMonitor: survives the failure of each call") {
  const nvmlReturn_t failure = GENERATE(
      NVML_ERROR_UNINITIALIZED, NVML_ERROR_INVALID_ARGUMENT,
      NVML_ERROR_NOT_SUPPORTED, NVML_ERROR_NO_PERMISSION, NVML_ERROR_NOT_FOUND,
      NVML_ERROR_INSUFFICIENT_SIZE, NVML_ERROR_DRIVER_NOT_LOADED,
      NVML_ERROR_TIMEOUT, NVML_ERROR_FUNCTION_NOT_FOUND, NVML_ERROR_GPU_IS_LOST,
      NVML_ERROR_RESET_REQUIRED, NVML_ERROR_LIB_RM_VERSION_MISMATCH,
      NVML_ERROR_MEMORY, NVML_ERROR_GPU_NOT_FOUND, NVML_ERROR_UNKNOWN);
  INFO("NVML error " << failure);
  int number = 1;
  while (SurvivesFailure(number, failure)) {
    ++number;
    REQUIRE(number < 1'000);
  }
  // Some fifty calls are a whole sample of this machine.
  CHECK(number > 40);
}

TEST_CASE("NvmlMonitor: survives the failure of all calls but its opening") {
  NvmlMachine machine({PlainGpu(), DividedGpu()});
  machine.Devices();
  for (const char* function :
       {"nvmlDeviceGetUUID", "nvmlDeviceGetName", "nvmlDeviceGetMemoryInfo",
        "nvmlDeviceGetMemoryInfo_v2", "nvmlDeviceGetComputeRunningProcesses_v3",
        "nvmlDeviceGetGraphicsRunningProcesses_v3",
        "nvmlDeviceGetUtilizationRates", "nvmlDeviceGetMaxPcieLinkGeneration",
        "nvmlDeviceGetMaxPcieLinkWidth", "nvmlDeviceGetPcieThroughput",
        "nvmlDeviceGetComputeMode", "nvmlDeviceGetMigMode",
        "nvmlEventSetWait_v2"}) {
    machine.nvml.With([&](FakeNvmlWorld& world) {
      world.failing[function] = NVML_ERROR_UNKNOWN;
    });
  }
  const std::vector<DeviceSample> devices = machine.Devices();
  REQUIRE(IdsOf(devices) == Ids{"gpu0", "gpu1"});
  for (const DeviceSample& device : devices) {
    CHECK(device.uuid.empty());
    CHECK_FALSE(device.memory);
  }
}

TEST_CASE("NvmlMonitor: says that the GPUs cannot be counted, and recovers") {
  NvmlMachine machine({PlainGpu()});
  machine.Devices();
  machine.nvml.With([](FakeNvmlWorld& world) {
    world.failing["nvmlDeviceGetCount_v2"] = NVML_ERROR_UNKNOWN;
  });
  CHECK(machine.Error() ==
        "UNAVAILABLE NVML_FAILED: the NVIDIA driver does not count its GPUs: "
        "Unknown Error (NVML error 999)");
  machine.nvml.With([](FakeNvmlWorld& world) { world.failing.clear(); });
  CHECK(IdsOf(machine.Devices()) == Ids{"gpu0"});  // at once
}

}  // namespace
}  // namespace warmup
