#include "adapters/host/host_memory.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "core/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace warmup {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMiB = int64_t{1} << 20;

// A made-up /proc and cgroup tree.
class Machine {
 public:
  Machine() {
    Write("proc/meminfo",
          "MemTotal:        8388608 kB\n"
          "MemFree:          102400 kB\n"
          "MemAvailable:    4194304 kB\n");
    Write("proc/self/cgroup", "0::/\n");
  }

  void Write(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  absl::StatusOr<DeviceMemory> Measure() {
    return HostMemory({.proc = (root_ / "proc").string(),
                       .cgroup = (root_ / "cgroup").string()})
        .Measure();
  }

 private:
  const TempFolder folder_;
  const fs::path root_ = folder_.path();
};

}  // namespace

TEST_CASE("HostMemory: is what the kernel says without a cgroup") {
  Machine machine;
  const auto memory = machine.Measure();
  REQUIRE(memory.ok());
  CHECK(memory->total_bytes == 8192 * kMiB);
  CHECK(memory->free_bytes == 4096 * kMiB);
}

TEST_CASE("HostMemory: a cgroup's limit narrows total and free") {
  Machine machine;
  machine.Write("proc/self/cgroup", "4:memory:/v1\n0::/user/app\n");
  machine.Write("cgroup/user/app/memory.max", "1073741824\n");
  machine.Write("cgroup/user/app/memory.current", "838860800\n");
  machine.Write("cgroup/user/app/memory.stat",
                "anon 1\nfile 5\ninactive_file 104857600\n"
                "active_file 209715200\nslab_reclaimable 0\n");
  const auto memory = machine.Measure();
  REQUIRE(memory.ok());
  CHECK(memory->total_bytes == 1024 * kMiB);
  CHECK(memory->free_bytes == (1024 - 800 + 300) * kMiB);
}

TEST_CASE("HostMemory: a limit further up holds, `max` does not") {
  Machine machine;
  machine.Write("proc/self/cgroup", "0::/user/app\n");
  machine.Write("cgroup/user/app/memory.max", "max\n");
  machine.Write("cgroup/user/memory.max", "2147483648\n");
  machine.Write("cgroup/user/memory.current", "4294967296\n");
  const auto memory = machine.Measure();
  REQUIRE(memory.ok());
  CHECK(memory->total_bytes == 2048 * kMiB);
  CHECK(memory->free_bytes == 0);
}

TEST_CASE("HostMemory: nonsense in a cgroup sets no bound") {
  Machine machine;
  const std::string nonsense =
      GENERATE(as<std::string>(), "", "-5", "99999999999999999999999", "x",
               "\n\n", "max");
  machine.Write("proc/self/cgroup", "0::/app\n");
  machine.Write("cgroup/app/memory.max", nonsense);
  machine.Write("cgroup/app/memory.current", nonsense);
  const auto memory = machine.Measure();
  REQUIRE(memory.ok());
  CHECK(memory->total_bytes == 8192 * kMiB);
}

TEST_CASE("HostMemory: a broken meminfo is told") {
  Machine machine;
  const std::string text =
      GENERATE(as<std::string>(), "", "MemTotal: x kB\n", "MemTotal: 5 kB\n",
               "MemTotal: 9223372036854775807 kB\nMemAvailable: 1 kB\n");
  machine.Write("proc/meminfo", text);
  const auto memory = machine.Measure();
  CHECK(memory.status().code() == absl::StatusCode::kUnavailable);
  CHECK(GetErrorDetails(memory.status()).reason == "MEMINFO_UNREADABLE");
}

TEST_CASE("HostMemory: this machine has memory") {
  const auto memory = HostMemory({}).Measure();
  REQUIRE(memory.ok());
  CHECK(memory->free_bytes > 0);
  CHECK(memory->free_bytes <= memory->total_bytes);
}

}  // namespace warmup
