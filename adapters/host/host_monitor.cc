#include "adapters/host/host_monitor.h"

#include <sched.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "adapters/host/cgroup.h"
#include "adapters/host/proc_file.h"
#include "core/base/status_macros.h"

namespace warmup {
namespace {

// "model name : AMD EPYC ..." of the first processor.
std::string ProcessorName(const std::string& proc) {
  const std::string text = proc_file::Read(proc + "/cpuinfo");
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!absl::ConsumePrefix(&line, "model name")) continue;
    const size_t colon = line.find(':');
    if (colon == absl::string_view::npos) break;
    return std::string(absl::StripAsciiWhitespace(line.substr(colon + 1)));
  }
  return {};
}

// Of "QUOTA PERIOD", in processors; nothing of "max PERIOD".
std::optional<double> CpuLimit(const std::string& folder) {
  const std::string text = proc_file::Read(folder + "/cpu.max");
  const std::vector<absl::string_view> parts =
      absl::StrSplit(text, absl::ByAnyChar(" \n"), absl::SkipEmpty());
  double quota = 0;
  double period = 0;
  if (parts.size() != 2 || !absl::SimpleAtod(parts[0], &quota) ||
      !absl::SimpleAtod(parts[1], &period) || quota <= 0 || period <= 0) {
    return std::nullopt;
  }
  return quota / period;
}

std::optional<double> Cores(const HostMemory::Options& options) {
  cpu_set_t set;
  CPU_ZERO(&set);
  // Fails on machines of more processors than a cpu_set_t has.
  if (::sched_getaffinity(0, sizeof(set), &set) != 0) return std::nullopt;
  double cores = CPU_COUNT(&set);
  for (const std::string& folder :
       CgroupFolders(options.proc, options.cgroup)) {
    cores = std::min(cores, CpuLimit(folder).value_or(cores));
  }
  return cores;
}

// Of "some avg10=1.23 ...": percent of the last ten seconds.
std::optional<double> PressureOf(const std::string& proc, const char* what) {
  const std::string text = proc_file::Read(proc + "/pressure/" + what);
  constexpr absl::string_view kKey = "some avg10=";
  absl::string_view rest = text;
  double percent = 0;
  if (!absl::ConsumePrefix(&rest, kKey) ||
      !absl::SimpleAtod(rest.substr(0, rest.find(' ')), &percent)) {
    return std::nullopt;
  }
  return std::clamp(percent / 100, 0.0, 1.0);
}

std::optional<DeviceSample::Pressure> Pressures(const std::string& proc) {
  const std::optional<double> cpu = PressureOf(proc, "cpu");
  const std::optional<double> memory = PressureOf(proc, "memory");
  const std::optional<double> io = PressureOf(proc, "io");
  if (!cpu || !memory || !io) return std::nullopt;
  return DeviceSample::Pressure{.cpu = *cpu, .memory = *memory, .io = *io};
}

}  // namespace

HostMonitor::HostMonitor(HostMemory::Options options)
    : options_(std::move(options)),
      memory_(options_),
      name_(ProcessorName(options_.proc)) {}

absl::StatusOr<std::vector<DeviceSample>> HostMonitor::Sample() {
  DeviceSample host;
  host.id = "host";
  host.kind = DeviceSample::Kind::kHost;
  host.name = name_;
  WARMUP_ASSIGN_OR_RETURN(host.memory, memory_.Measure());
  host.cores = Cores(options_);
  host.pressure = Pressures(options_.proc);
  return std::vector<DeviceSample>{std::move(host)};
}

}  // namespace warmup
