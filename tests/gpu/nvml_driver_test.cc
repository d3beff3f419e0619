// What this machine really has.
#include <dlfcn.h>

#include <cstdio>

#include "core/base/error.h"
#include "gpu/nvml_monitor.h"
#include "tests/support/catch.h"
#include "tests/support/fake_clock.h"

namespace warmup {
namespace {

bool HasDriver() {
  void* const library = dlopen("libnvidia-ml.so.1", RTLD_LAZY | RTLD_LOCAL);
  if (library != nullptr) dlclose(library);
  return library != nullptr;
}

TEST_CASE("NvmlMonitor: says that there is no driver on this machine",
          "[.no_driver]") {
  if (HasDriver()) {
    std::puts("SKIPPED: NVIDIA's driver is installed here");
    return;
  }
  const FakeClock clock;
  NvmlMonitor monitor({}, clock);
  const absl::Status status = monitor.Sample().status();
  CHECK(absl::IsNotFound(status));
  CHECK(GetErrorDetails(status).reason == "NO_DRIVER");
  CHECK_THAT(std::string(status.message()),
             Catch::Contains("libnvidia-ml.so.1"));
}

TEST_CASE("NvmlMonitor: sees the GPUs of this machine", "[.driver]") {
  if (!HasDriver()) {
    std::puts("SKIPPED: NVIDIA's driver is not installed here");
    return;
  }
  const FakeClock clock;
  NvmlMonitor monitor({}, clock);
  const auto devices = monitor.Sample();
  INFO(devices.status().ToString());
  REQUIRE(devices.ok());
  for (const DeviceSample& device : *devices) {
    INFO(device.id << " " << device.name << " " << device.problem);
    CHECK_FALSE(device.uuid.empty());
    CHECK_FALSE(device.name.empty());
    if (device.memory) {
      CHECK(device.memory->total_bytes > 0);
      CHECK(device.memory->free_bytes <= device.memory->total_bytes);
    }
  }
}

}  // namespace
}  // namespace warmup
