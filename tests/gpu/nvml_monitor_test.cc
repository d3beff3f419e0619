// What a sample shows.
#include "gpu/nvml_monitor.h"

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/nvml_machine.h"

namespace warmup {
namespace {

using Ids = std::vector<std::string>;

std::map<int64_t, int64_t> ProcessesOf(const DeviceSample& device) {
  std::map<int64_t, int64_t> bytes_of;
  for (const auto& process : device.processes) {
    bytes_of[process.pid] = process.bytes;
  }
  return bytes_of;
}

TEST_CASE("NvmlMonitor: shows all that a GPU tells") {
  NvmlMachine machine({PlainGpu()});
  const DeviceSample gpu = machine.Device("gpu0");
  CHECK(gpu.kind == DeviceSample::Kind::kGpu);
  CHECK(gpu.uuid == "GPU-0");
  CHECK(gpu.name == "NVIDIA H100");
  CHECK(gpu.problem.empty());
  REQUIRE(gpu.memory);
  CHECK(gpu.memory->total_bytes == 80'000);
  CHECK(gpu.memory->free_bytes == 50'000);
  CHECK(gpu.busy == 0.25);
  REQUIRE(gpu.link);
  CHECK(gpu.link->generation == 5);
  CHECK(gpu.link->width == 16);
  CHECK(gpu.shows_processes);
  CHECK(gpu.faults == 0);
  CHECK_FALSE(gpu.cores);
  CHECK_FALSE(gpu.pressure);
}

TEST_CASE("NvmlMonitor: counts a process that computes and draws once") {
  NvmlMachine machine({PlainGpu()});
  CHECK(ProcessesOf(machine.Device("gpu0")) ==
        std::map<int64_t, int64_t>{{7, 20'000}, {8, 5'000}, {9, 1'000}});
}

TEST_CASE("NvmlMonitor: shows a hundred processes, and none") {
  NvmlMachine machine({PlainGpu()});
  machine.nvml.With([](FakeNvmlWorld& world) {
    world.gpus[0].computing.assign(100, {});
    for (unsigned int i = 0; i < 100; ++i) {
      world.gpus[0].computing[i] = {.pid = 1000 + i, .bytes = 1};
    }
    world.gpus[0].drawing.clear();
  });
  CHECK(machine.Device("gpu0").processes.size() == 100);
  machine.nvml.With(
      [](FakeNvmlWorld& world) { world.gpus[0].computing.clear(); });
  CHECK(machine.Device("gpu0").processes.empty());
  CHECK(machine.Device("gpu0").shows_processes);
}

TEST_CASE("NvmlMonitor: does not know all processes where one hides its use") {
  NvmlMachine machine({PlainGpu()});
  machine.nvml.With([](FakeNvmlWorld& world) {
    world.gpus[0].computing[0].bytes = std::numeric_limits<uint64_t>::max();
  });
  const DeviceSample gpu = machine.Device("gpu0");
  CHECK_FALSE(gpu.shows_processes);
  CHECK(ProcessesOf(gpu) == std::map<int64_t, int64_t>{{8, 5'000}, {9, 1'000}});
}

TEST_CASE("NvmlMonitor: knows all processes where nothing can draw") {
  NvmlMachine machine({PlainGpu()});
  machine.nvml.With([](FakeNvmlWorld& world) {
    world.failing["nvmlDeviceGetGraphicsRunningProcesses_v3"] =
        NVML_ERROR_NOT_SUPPORTED;
  });
  const DeviceSample gpu = machine.Device("gpu0");
  CHECK(gpu.shows_processes);
  CHECK(gpu.processes.size() == 2);
}

TEST_CASE("NvmlMonitor: measures a link's throughput beside the samples") {
  NvmlMachine machine({PlainGpu()});
  machine.nvml.With(
      [](FakeNvmlWorld& world) { world.throughput_waits = true; });
  // A sample does not wait for it.
  CHECK_FALSE(machine.Device("gpu0").link->received_bytes_per_second);
  CHECK_FALSE(machine.Device("gpu0").link->sent_bytes_per_second);
  machine.nvml.With(
      [](FakeNvmlWorld& world) { world.throughput_waits = false; });
  DeviceSample gpu;
  REQUIRE(Eventually([&] {
    gpu = machine.Device("gpu0");
    return gpu.link->received_bytes_per_second.has_value();
  }));
  CHECK(gpu.link->received_bytes_per_second == 3'000'000);
  CHECK(gpu.link->sent_bytes_per_second == 4'000'000);

  // Later than that it is no news any more.
  machine.nvml.With(
      [](FakeNvmlWorld& world) { world.throughput_waits = true; });
  machine.clock.Advance(absl::Seconds(11));
  CHECK_FALSE(machine.Device("gpu0").link->received_bytes_per_second);
  machine.nvml.With(
      [](FakeNvmlWorld& world) { world.throughput_waits = false; });
}

TEST_CASE("NvmlMonitor: measures only when it is asked") {
  NvmlMachine machine({PlainGpu()});
  machine.Devices();
  REQUIRE(machine.nvml.Eventually(
      [](const FakeNvmlWorld& world) { return world.throughput_calls == 2; }));
  machine.clock.Advance(absl::Hours(1));
  machine.monitor.reset();
  machine.nvml.With(
      [](const FakeNvmlWorld& world) { CHECK(world.throughput_calls == 2); });
}

TEST_CASE("NvmlMonitor: shows the instances of a divided GPU instead of it") {
  NvmlMachine machine({PlainGpu(), DividedGpu()});
  CHECK(IdsOf(machine.Devices()) == Ids{"gpu0", "gpu1.0", "gpu1.2"});
  const DeviceSample instance = machine.Device("gpu1.2");
  CHECK(instance.uuid == "MIG-2");
  CHECK(instance.name == "NVIDIA H100 MIG 1g.10gb");
  CHECK(instance.memory->free_bytes == 9'000);
  CHECK(instance.link->width == 16);  // they share it

  // Divided otherwise, which needs no new start.
  machine.nvml.With([](FakeNvmlWorld& world) {
    world.gpus[1].instances[0].is_gap = true;
    world.gpus[1].instances[1].is_gap = false;
  });
  CHECK(IdsOf(machine.Devices()) == Ids{"gpu0", "gpu1.1", "gpu1.2"});
}

TEST_CASE("NvmlMonitor: places nothing on a GPU that waits to be divided") {
  FakeGpu gpu = DividedGpu();
  gpu.instances.clear();
  NvmlMachine machine({gpu});
  const DeviceSample device = machine.Device("gpu0");
  CHECK(device.uuid == "GPU-1");
  CHECK(device.problem == "it is to be divided (MIG), and has no instance yet");
}

TEST_CASE("NvmlMonitor: names a compute mode that does not share the GPU") {
  NvmlMachine machine({PlainGpu(), DividedGpu()});
  machine.nvml.With([](FakeNvmlWorld& world) {
    world.gpus[0].compute_mode = NVML_COMPUTEMODE_EXCLUSIVE_PROCESS;
    world.gpus[1].compute_mode = NVML_COMPUTEMODE_PROHIBITED;
  });
  CHECK_THAT(machine.Device("gpu0").problem,
             Catch::Contains("compute mode is exclusive"));
  CHECK_THAT(machine.Device("gpu1.0").problem,
             Catch::Contains("compute mode prohibits"));
  CHECK(machine.Device("gpu0").memory);  // seen all the same
  machine.nvml.With([](FakeNvmlWorld& world) {
    world.gpus[0].compute_mode = NVML_COMPUTEMODE_DEFAULT;
  });
  CHECK(machine.Device("gpu0").problem.empty());
}

TEST_CASE("NvmlMonitor: shows what an old driver can tell") {
  NvmlMachine machine({PlainGpu()}, WARMUP_FAKE_OLD_NVML);
  const DeviceSample gpu = machine.Device("gpu0");
  CHECK(gpu.uuid == "GPU-0");
  CHECK(gpu.memory->free_bytes == 50'000);  // by the first version
  CHECK(gpu.busy == 0.25);
  CHECK_FALSE(gpu.shows_processes);
  CHECK(gpu.processes.empty());
}

TEST_CASE("NvmlMonitor: leaves empty what is not supported") {
  const std::string function = GENERATE(
      as<std::string>{}, "nvmlDeviceGetUUID", "nvmlDeviceGetName",
      "nvmlDeviceGetMemoryInfo", "nvmlDeviceGetMemoryInfo_v2",
      "nvmlDeviceGetComputeRunningProcesses_v3",
      "nvmlDeviceGetGraphicsRunningProcesses_v3",
      "nvmlDeviceGetUtilizationRates", "nvmlDeviceGetMaxPcieLinkGeneration",
      "nvmlDeviceGetMaxPcieLinkWidth", "nvmlDeviceGetPcieThroughput",
      "nvmlDeviceGetComputeMode", "nvmlDeviceGetMigMode", "nvmlEventSetCreate",
      "nvmlDeviceGetSupportedEventTypes", "nvmlDeviceRegisterEvents",
      "nvmlEventSetWait_v2");
  INFO(function);
  NvmlMachine machine({PlainGpu()});
  machine.nvml.With([&](FakeNvmlWorld& world) {
    world.failing[function] = NVML_ERROR_NOT_SUPPORTED;
  });
  const DeviceSample gpu = machine.Device("gpu0");
  CHECK(gpu.problem.empty());
  CHECK(gpu.uuid.empty() == (function == "nvmlDeviceGetUUID"));
  CHECK(gpu.name.empty() == (function == "nvmlDeviceGetName"));
  CHECK(gpu.memory.has_value());  // one of the two versions tells it
  CHECK(gpu.busy.has_value() == (function != "nvmlDeviceGetUtilizationRates"));
  CHECK(gpu.link.has_value() ==
        (function.find("MaxPcieLink") == std::string::npos));
  CHECK(gpu.shows_processes ==
        (function != "nvmlDeviceGetComputeRunningProcesses_v3"));
}

TEST_CASE("NvmlMonitor: shows a GPU that tells no memory, as unified ones") {
  NvmlMachine machine({PlainGpu()});
  machine.nvml.With([](FakeNvmlWorld& world) {
    world.failing["nvmlDeviceGetMemoryInfo"] = NVML_ERROR_NOT_SUPPORTED;
    world.failing["nvmlDeviceGetMemoryInfo_v2"] = NVML_ERROR_NOT_SUPPORTED;
  });
  const DeviceSample gpu = machine.Device("gpu0");
  CHECK_FALSE(gpu.memory);
  CHECK(gpu.problem.empty());
}

}  // namespace
}  // namespace warmup
