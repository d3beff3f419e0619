#ifndef WARMUP_TESTS_SUPPORT_NVML_MACHINE_H_
#define WARMUP_TESTS_SUPPORT_NVML_MACHINE_H_

#include <optional>
#include <string>
#include <vector>

#include "core/ports/device_monitor.h"
#include "gpu/nvml_monitor.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_nvml/fake_nvml.h"
#include "tests/support/temp_folder.h"

namespace warmup {

// GPU-0, a plain one.
FakeGpu PlainGpu();
// GPU-1, divided into the instances 0 and 2.
FakeGpu DividedGpu();

// A machine with a fake driver and a monitor that watches it. At its end the
// driver's books must be balanced. One at a time for each library.
class NvmlMachine {
 public:
  explicit NvmlMachine(std::vector<FakeGpu> gpus,
                       const std::string& library = WARMUP_FAKE_NVML);
  ~NvmlMachine();
  NvmlMachine(const NvmlMachine&) = delete;
  NvmlMachine& operator=(const NvmlMachine&) = delete;

  // What the monitor sees; fails the test where that is an error.
  std::vector<DeviceSample> Devices();
  DeviceSample Device(const std::string& id);
  // The error instead, as "<code> <reason>: <message>".
  std::string Error();
  // A moment later, in which the monitor may open the driver anew.
  std::vector<DeviceSample> DevicesLater();

  FakeNvml& nvml;
  FakeClock clock;
  TempFolder gpus_folder;
  std::optional<NvmlMonitor> monitor;
};

std::vector<std::string> IdsOf(const std::vector<DeviceSample>& devices);

}  // namespace warmup

#endif  // WARMUP_TESTS_SUPPORT_NVML_MACHINE_H_
