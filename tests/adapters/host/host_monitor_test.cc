#include "adapters/host/host_monitor.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "core/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace warmup {
namespace {

namespace fs = std::filesystem;

// A made-up /proc and cgroup tree.
class Machine {
 public:
  Machine() {
    Write("proc/meminfo",
          "MemTotal:        8388608 kB\n"
          "MemAvailable:    4194304 kB\n");
    Write("proc/self/cgroup", "0::/app/worker\n");
    Write("proc/cpuinfo",
          "processor\t: 0\nmodel name\t: Tiny CPU 9000\n"
          "processor\t: 1\nmodel name\t: Tiny CPU 9000\n");
    Write("proc/pressure/cpu", "some avg10=12.50 avg60=0.00 total=1\n");
    Write("proc/pressure/memory", "some avg10=0.00 avg60=0.00 total=0\n");
    Write("proc/pressure/io", "some avg10=100.00 avg60=1.00 total=9\n");
  }

  void Write(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  void Remove(const std::string& path) { fs::remove(root_ / path); }
  DeviceSample Sample() {
    const auto samples = Try();
    REQUIRE(samples.ok());
    REQUIRE(samples->size() == 1);
    return samples->front();
  }
  absl::StatusOr<std::vector<DeviceSample>> Try() {
    return HostMonitor({.proc = (root_ / "proc").string(),
                        .cgroup = (root_ / "cgroup").string()})
        .Sample();
  }

 private:
  const TempFolder folder_;
  const fs::path root_ = folder_.path();
};

TEST_CASE("HostMonitor: sees one device, the host") {
  Machine machine;
  const DeviceSample host = machine.Sample();
  CHECK(host.id == "host");
  CHECK(host.kind == DeviceSample::Kind::kHost);
  CHECK(host.name == "Tiny CPU 9000");
  CHECK(host.problem.empty());
  REQUIRE(host.memory.has_value());
  CHECK(host.memory->total_bytes == int64_t{8} << 30);
  CHECK(host.memory->free_bytes == int64_t{4} << 30);
  REQUIRE(host.cores.has_value());
  CHECK(*host.cores >= 1);
  REQUIRE(host.pressure.has_value());
  CHECK(host.pressure->cpu == 0.125);
  CHECK(host.pressure->memory == 0);
  CHECK(host.pressure->io == 1);
}

TEST_CASE("HostMonitor: processors are limited by each cgroup above it") {
  Machine machine;
  machine.Write("cgroup/app/worker/cpu.max", "max 100000\n");
  const double all = machine.Sample().cores.value();
  machine.Write("cgroup/app/cpu.max", "25000 100000\n");
  CHECK(machine.Sample().cores == 0.25);
  machine.Write("cgroup/app/worker/cpu.max", "10000 100000\n");
  CHECK(machine.Sample().cores == 0.1);
  for (const char* nonsense : {"", "x y\n", "-1 100000\n", "100000 0\n"}) {
    machine.Write("cgroup/app/cpu.max", nonsense);
    machine.Write("cgroup/app/worker/cpu.max", nonsense);
    CHECK(machine.Sample().cores == all);
  }
}

TEST_CASE("HostMonitor: what the system does not tell is empty") {
  Machine machine;
  machine.Remove("proc/cpuinfo");
  machine.Write("proc/pressure/io", "full avg10=1.00\n");
  DeviceSample host = machine.Sample();
  CHECK(host.name.empty());
  CHECK_FALSE(host.pressure.has_value());
  machine.Write("proc/pressure/io", "some avg10=x\n");
  CHECK_FALSE(machine.Sample().pressure.has_value());
}

TEST_CASE("HostMonitor: without its memory there is no host") {
  Machine machine;
  machine.Remove("proc/meminfo");
  const auto samples = machine.Try();
  CHECK(absl::IsUnavailable(samples.status()));
  CHECK(GetErrorDetails(samples.status()).reason == "MEMINFO_UNREADABLE");
}

}  // namespace
}  // namespace warmup
