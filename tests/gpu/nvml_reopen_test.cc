// Drivers and GPUs that come and go.
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "gpu/nvml_monitor.h"
#include "tests/support/catch.h"
#include "tests/support/nvml_machine.h"

namespace warmup {
namespace {

using Ids = std::vector<std::string>;

int OpeningsOf(NvmlMachine& machine) {
  return machine.nvml.With(
      [](const FakeNvmlWorld& world) { return world.openings; });
}

TEST_CASE("NvmlMonitor: names the library that is not there") {
  const FakeClock clock;
  NvmlMonitor monitor({.library = "/nonexistent/libnvidia-ml.so.1"}, clock);
  const absl::Status status = monitor.Sample().status();
  CHECK(absl::IsNotFound(status));
  CHECK_THAT(std::string(status.message()),
             Catch::Contains("no NVIDIA driver is installed: "
                             "/nonexistent/libnvidia-ml.so.1"));
}

TEST_CASE("NvmlMonitor: says why the driver cannot be used") {
  const auto [result, expected] = GENERATE(table<nvmlReturn_t, std::string>({
      {NVML_ERROR_DRIVER_NOT_LOADED, "NOT_FOUND NO_DRIVER: "},
      {NVML_ERROR_GPU_NOT_FOUND, "NOT_FOUND NO_DEVICES: "},
      {NVML_ERROR_LIB_RM_VERSION_MISMATCH,
       "UNAVAILABLE DRIVER_VERSION_MISMATCH: "},
      {NVML_ERROR_NO_PERMISSION, "UNAVAILABLE NVML_FAILED: "},
      {NVML_ERROR_UNKNOWN, "UNAVAILABLE NVML_FAILED: "},
  }));
  NvmlMachine machine({PlainGpu()});
  machine.nvml.With(
      [&, code = result](FakeNvmlWorld& world) { world.init_result = code; });
  CHECK_THAT(machine.Error(), Catch::StartsWith(expected));
}

TEST_CASE("NvmlMonitor: tells what to do about a driver of another version") {
  NvmlMachine machine({PlainGpu()});
  machine.nvml.With([](FakeNvmlWorld& world) {
    world.init_result = NVML_ERROR_LIB_RM_VERSION_MISMATCH;
  });
  CHECK_THAT(machine.Error(), Catch::Contains("reboot"));
}

TEST_CASE("NvmlMonitor: finds a driver that comes later") {
  NvmlMachine machine({PlainGpu()});
  machine.nvml.With([](FakeNvmlWorld& world) {
    world.init_result = NVML_ERROR_DRIVER_NOT_LOADED;
  });
  CHECK_THAT(machine.Error(), Catch::Contains("NO_DRIVER"));
  machine.nvml.With(
      [](FakeNvmlWorld& world) { world.init_result = NVML_SUCCESS; });
  // It is not asked each time.
  machine.clock.Advance(absl::Seconds(14));
  CHECK_THAT(machine.Error(), Catch::Contains("NO_DRIVER"));
  CHECK(IdsOf(machine.DevicesLater()) == Ids{"gpu0"});
}

TEST_CASE("NvmlMonitor: finds a GPU that is plugged in") {
  NvmlMachine machine({});
  CHECK_THAT(machine.Error(), Catch::StartsWith("NOT_FOUND NO_DEVICES: "));
  machine.nvml.With(
      [](FakeNvmlWorld& world) { world.gpus.push_back(PlainGpu()); });
  CHECK(IdsOf(machine.DevicesLater()) == Ids{"gpu0"});

  machine.nvml.With(
      [](FakeNvmlWorld& world) { world.gpus.push_back(DividedGpu()); });
  CHECK(IdsOf(machine.DevicesLater()) == Ids{"gpu0"});  // nothing shows it yet
  std::filesystem::create_directory(machine.gpus_folder.File("0000:02:00.0"));
  CHECK(IdsOf(machine.DevicesLater()) == Ids{"gpu0", "gpu1.0", "gpu1.2"});
}

TEST_CASE("NvmlMonitor: opens a driver once while nothing changes") {
  NvmlMachine machine({PlainGpu()});
  for (int i = 0; i < 10; ++i) machine.DevicesLater();
  CHECK(OpeningsOf(machine) == 1);
}

TEST_CASE("NvmlMonitor: keeps a lost GPU in the list, until it is back") {
  NvmlMachine machine({PlainGpu(), DividedGpu()});
  machine.Devices();
  machine.nvml.With([](FakeNvmlWorld& world) {
    world.gpus[0].is_lost = true;
    world.gpus[1].is_lost = true;
  });
  for (int i = 0; i < 3; ++i) {
    const std::vector<DeviceSample> devices = machine.DevicesLater();
    REQUIRE(IdsOf(devices) == Ids{"gpu0", "gpu1.0", "gpu1.2"});
    CHECK(devices[0].uuid == "GPU-0");
    CHECK(devices[0].name == "NVIDIA H100");
    CHECK(devices[2].uuid == "MIG-2");
    for (const DeviceSample& device : devices) {
      CHECK_THAT(device.problem, Catch::StartsWith("it was lost: "));
      CHECK_FALSE(device.memory);
      CHECK_FALSE(device.busy);
      CHECK_FALSE(device.shows_processes);
    }
  }
  machine.nvml.With([](FakeNvmlWorld& world) {
    world.gpus[0].is_lost = false;
    world.gpus[1].is_lost = false;
  });
  for (const DeviceSample& device : machine.DevicesLater()) {
    CHECK(device.problem.empty());
    CHECK(device.memory);
  }
}

TEST_CASE("NvmlMonitor: shows a GPU that was lost before it was seen") {
  FakeGpu gpu = PlainGpu();
  gpu.is_lost = true;
  NvmlMachine machine({gpu});
  CHECK_THAT(machine.Device("gpu0").problem,
             Catch::StartsWith("it was lost: "));
}

TEST_CASE("NvmlMonitor: places nothing on a GPU that must be reset") {
  NvmlMachine machine({PlainGpu()});
  machine.nvml.With([](FakeNvmlWorld& world) {
    world.failing["nvmlDeviceGetMemoryInfo_v2"] = NVML_ERROR_RESET_REQUIRED;
  });
  CHECK_THAT(machine.Device("gpu0").problem,
             Catch::StartsWith("it was lost: "));
}

TEST_CASE("NvmlMonitor: shows a GPU that the driver gives no access to") {
  NvmlMachine machine({PlainGpu()});
  machine.Devices();
  machine.nvml.With([](FakeNvmlWorld& world) {
    world.failing["nvmlDeviceGetHandleByIndex_v2"] = NVML_ERROR_UNKNOWN;
  });
  const DeviceSample gpu = machine.Device("gpu0");
  CHECK(gpu.uuid == "GPU-0");
  CHECK(gpu.problem ==
        "the driver gives no access to it: Unknown Error (NVML error 999)");
}

TEST_CASE("NvmlMonitor: forgets a GPU that was taken out") {
  NvmlMachine machine({PlainGpu(), DividedGpu()});
  machine.Devices();
  machine.nvml.With([](FakeNvmlWorld& world) { world.gpus.pop_back(); });
  // Until the driver is opened anew it still names it.
  CHECK(IdsOf(machine.Devices()) == Ids{"gpu0", "gpu1.0", "gpu1.2"});
  CHECK(IdsOf(machine.DevicesLater()) == Ids{"gpu0"});
  machine.nvml.With([](FakeNvmlWorld& world) { world.gpus.clear(); });
  machine.Devices();
  machine.clock.Advance(absl::Seconds(15));
  CHECK_THAT(machine.Error(), Catch::StartsWith("NOT_FOUND NO_DEVICES: "));
}

TEST_CASE("NvmlMonitor: leaves out a GPU that is somebody else's") {
  NvmlMachine machine({PlainGpu()});
  machine.nvml.With([](FakeNvmlWorld& world) {
    world.failing["nvmlDeviceGetHandleByIndex_v2"] = NVML_ERROR_NO_PERMISSION;
  });
  CHECK_THAT(machine.Error(), Catch::StartsWith("NOT_FOUND NO_DEVICES: "));
}

TEST_CASE("NvmlMonitor: ends while its thread measures") {
  NvmlMachine machine({PlainGpu(), DividedGpu()});
  machine.nvml.With(
      [](FakeNvmlWorld& world) { world.throughput_waits = true; });
  machine.Devices();
  REQUIRE(machine.nvml.Eventually(
      [](const FakeNvmlWorld& world) { return world.throughput_calls == 1; }));
  std::thread ending([&] { machine.monitor.reset(); });
  machine.nvml.With(
      [](FakeNvmlWorld& world) { world.throughput_waits = false; });
  ending.join();
}

TEST_CASE("NvmlMonitor: opens the driver anew while its thread measures") {
  NvmlMachine machine({PlainGpu()});
  for (int i = 0; i < 20; ++i) {
    machine.DevicesLater();
    std::filesystem::create_directory(
        machine.gpus_folder.File(std::to_string(i)));
  }
  CHECK(OpeningsOf(machine) == 20);
}

TEST_CASE("NvmlMonitor: ends without having been asked") {
  const NvmlMachine machine({PlainGpu()});
}

}  // namespace
}  // namespace warmup
