#include "adapters/engines/exec/process_table.h"

#include <unistd.h>

#include <algorithm>
#include <random>
#include <string>

#include "adapters/engines/exec/cgroup.h"
#include "tests/support/catch.h"
#include "tests/support/mutated_json.h"
#include "tests/support/temp_folder.h"

namespace warmup::exec {
namespace {

const std::string kStat =
    "1234 (a) b (c) S 12 1233 1232 0 -1 4194304 105 0 0 0 7 8 90 91 20 0 1 0 "
    "2748 2625536 210 18446744073709551615 94 94 140 0 0 0 0 0 0 0 0 0 17 1 0 "
    "0 0 0 0 94 94 94 140 140 140 140 0\n";
const std::string kMemoryStat =
    "anon 4096000\nfile 81920\nkernel 1\nfile_mapped 40960\nshmem 7\n";

TEST_CASE("ProcessTable: reads a process whose name has everything in it") {
  const auto process = ParseStat(kStat);
  REQUIRE(process.has_value());
  CHECK(process->pid == 1234);
  CHECK(process->state == 'S');
  CHECK(process->is_alive());
  CHECK(process->parent == 12);
  CHECK(process->group == 1233);
  CHECK(process->session == 1232);
  CHECK(process->cpu_ticks == 15);
  CHECK(process->start_ticks == 2748);
  for (const char* text : {"", "1", "1 (a)", "1 (a) S 1 2 3", "x (a) S 1"}) {
    CHECK_FALSE(ParseStat(text).has_value());
  }
}

TEST_CASE("ProcessTable: sees this process") {
  const auto self = ReadProcess(getpid());
  REQUIRE(self.has_value());
  CHECK(self->parent == getppid());
  CHECK(self->session == getsid(0));
  const auto all = ReadProcesses();
  CHECK(std::any_of(all.begin(), all.end(), [&](const ProcessInfo& process) {
    return process.pid == getpid() && process.start_ticks == self->start_ticks;
  }));
  CHECK(ReadMemoryBytes(getpid()) > 100'000);
  CHECK(ReadVariable(getpid(), "PATH").has_value());
  CHECK_FALSE(ReadVariable(getpid(), "PAT").has_value());
  CHECK_FALSE(ReadProcess(0).has_value());
  CHECK(ReadMemoryBytes(0) == 0);
}

TEST_CASE("ProcessTable: survives whatever it reads") {
  std::mt19937_64 random(2);
  for (int i = 0; i < 20'000; ++i) {
    const auto process = ParseStat(Mutated(kStat, random));
    if (process.has_value()) CHECK(process->pid >= -1'000'000'000);
    const auto bytes = ParseMemoryStat(Mutated(kMemoryStat, random));
    if (bytes.has_value()) CHECK(*bytes >= 0);
  }
}

TEST_CASE("Cgroup: counts what would come back") {
  CHECK(ParseMemoryStat(kMemoryStat) == 4096000 + 40960);
  CHECK_FALSE(ParseMemoryStat("").has_value());
  CHECK_FALSE(ParseMemoryStat("anon 1\n").has_value());
  CHECK_FALSE(ParseMemoryStat("anon -1\nfile_mapped 2\n").has_value());
}

TEST_CASE("Cgroup: where there is none nothing happens") {
  const TempFolder folder;
  CHECK(MakeCgroup(folder.File("none"), "a/b/1").empty());
  CHECK(ReadCgroupProcesses(folder.path()).empty());
  CHECK_FALSE(ReadCgroupBytes(folder.path()).has_value());
  KillCgroup(folder.path());
}

}  // namespace
}  // namespace warmup::exec
