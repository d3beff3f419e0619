#include <vector>

#include "gpu/nvml_monitor.h"
#include "tests/support/catch.h"
#include "tests/support/nvml_machine.h"

namespace warmup {
namespace {

void Report(NvmlMachine& machine, FakeNvmlWorld::Event event) {
  machine.nvml.With(
      [&](FakeNvmlWorld& world) { world.events.push_back(event); });
}

TEST_CASE("NvmlMonitor: counts the faults of each GPU") {
  NvmlMachine machine({PlainGpu(), DividedGpu()});
  CHECK(machine.Device("gpu0").faults == 0);
  Report(machine, {.gpu = 0, .data = 79});
  Report(machine, {.gpu = 0, .type = nvmlEventTypeDoubleBitEccError});
  Report(machine, {.gpu = 1, .data = 48});
  const std::vector<DeviceSample> devices = machine.Devices();
  CHECK(devices[0].faults == 2);
  CHECK(devices[1].faults == 1);  // all instances are of that GPU
  CHECK(devices[2].faults == 1);
  CHECK(machine.Device("gpu0").faults == 2);
}

TEST_CASE("NvmlMonitor: counts no fault that is a program's own") {
  NvmlMachine machine({PlainGpu()});
  machine.Devices();
  for (const unsigned int xid : {13U, 31U, 43U, 45U, 68U, 109U}) {
    Report(machine, {.data = xid});
  }
  // Such a number means nothing in another kind of event.
  Report(machine, {.type = nvmlEventTypeDoubleBitEccError, .data = 13});
  CHECK(machine.Device("gpu0").faults == 1);
}

TEST_CASE("NvmlMonitor: does not get stuck in a storm of faults") {
  NvmlMachine machine({PlainGpu()});
  machine.Devices();
  machine.nvml.With(
      [](FakeNvmlWorld& world) { world.events.assign(1'000, {.data = 79}); });
  CHECK(machine.Device("gpu0").faults == 256);
  while (machine.nvml.With(
      [](const FakeNvmlWorld& world) { return !world.events.empty(); })) {
    machine.Devices();
  }
  CHECK(machine.Device("gpu0").faults == 1'000);
}

TEST_CASE("NvmlMonitor: shows why a GPU was lost, and the fault that came") {
  NvmlMachine machine({PlainGpu()});
  machine.Devices();
  Report(machine, {.data = 79});
  machine.nvml.With([](FakeNvmlWorld& world) { world.gpus[0].is_lost = true; });
  const DeviceSample gpu = machine.Device("gpu0");
  CHECK(gpu.faults == 1);
  CHECK(gpu.problem == "it was lost: GPU is lost (NVML error 15)");
}

}  // namespace
}  // namespace warmup
