#include "tests/support/nvml_machine.h"

#include <dlfcn.h>

#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace warmup {
namespace {

FakeNvml& WorldOf(const std::string& library) {
  void* const handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  INFO(library);
  REQUIRE(handle != nullptr);
  // Stays open, so that the world outlives who opens and closes the library.
  const auto world =
      reinterpret_cast<decltype(&::fake_nvml)>(dlsym(handle, "fake_nvml"));
  REQUIRE(world != nullptr);
  return *world();
}

}  // namespace

FakeGpu PlainGpu() {
  return {
      .uuid = "GPU-0",
      .name = "NVIDIA H100",
      .total_bytes = 80'000,
      .free_bytes = 50'000,
      .computing = {{.pid = 7, .bytes = 20'000}, {.pid = 8, .bytes = 5'000}},
      .drawing = {{.pid = 8, .bytes = 5'000}, {.pid = 9, .bytes = 1'000}},
      .busy_percent = 25,
      .received_kilobytes_per_second = 3'000,
      .sent_kilobytes_per_second = 4'000};
}

FakeGpu DividedGpu() {
  const FakeGpu instance = {.name = "NVIDIA H100 MIG 1g.10gb",
                            .total_bytes = 10'000,
                            .free_bytes = 9'000};
  FakeGpu gpu = PlainGpu();
  gpu.uuid = "GPU-1";
  gpu.is_divided = true;
  gpu.instances = {instance, instance, instance};
  gpu.instances[0].uuid = "MIG-0";
  gpu.instances[1].is_gap = true;
  gpu.instances[2].uuid = "MIG-2";
  return gpu;
}

NvmlMachine::NvmlMachine(std::vector<FakeGpu> gpus, const std::string& library)
    : nvml(WorldOf(library)) {
  nvml.With([&](FakeNvmlWorld& world) {
    world = {};
    world.gpus = std::move(gpus);
  });
  monitor.emplace(NvmlMonitor::Options{.library = library,
                                       .gpus_folder = gpus_folder.path()},
                  clock);
}

NvmlMachine::~NvmlMachine() {
  monitor.reset();
  nvml.With([](const FakeNvmlWorld& world) {
    CHECK_FALSE(world.is_open);
    CHECK(world.event_sets == 0);
    CHECK(world.misuses == 0);
  });
}

std::vector<DeviceSample> NvmlMachine::Devices() {
  auto devices = monitor->Sample();
  INFO(devices.status().ToString());
  REQUIRE(devices.ok());
  return *std::move(devices);
}

DeviceSample NvmlMachine::Device(const std::string& id) {
  for (DeviceSample& device : Devices()) {
    if (device.id == id) return std::move(device);
  }
  FAIL("no device " << id);
  return {};
}

std::string NvmlMachine::Error() {
  const absl::Status status = monitor->Sample().status();
  return absl::StrCat(absl::StatusCodeToString(status.code()), " ",
                      GetErrorDetails(status).reason, ": ", status.message());
}

std::vector<DeviceSample> NvmlMachine::DevicesLater() {
  clock.Advance(absl::Seconds(15));
  return Devices();
}

std::vector<std::string> IdsOf(const std::vector<DeviceSample>& devices) {
  std::vector<std::string> ids;
  for (const DeviceSample& device : devices) ids.push_back(device.id);
  return ids;
}

}  // namespace warmup
