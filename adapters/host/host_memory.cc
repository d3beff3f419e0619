#include "adapters/host/host_memory.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "adapters/host/cgroup.h"
#include "adapters/host/proc_file.h"
#include "core/base/error.h"

namespace warmup {
namespace {

using proc_file::CountAfter;
using proc_file::KibibytesAfter;
using proc_file::ParseCount;

// Narrows `memory` to what one cgroup allows, if it has a limit.
void ApplyCgroup(const std::string& folder, DeviceMemory& memory) {
  // "max", or a folder without the memory controller: no limit.
  const auto limit = ParseCount(proc_file::Read(folder + "/memory.max"));
  if (!limit) return;
  memory.total_bytes = std::min(memory.total_bytes, *limit);
  const auto used = ParseCount(proc_file::Read(folder + "/memory.current"));
  if (!used) return;
  // As MemAvailable: what the kernel would take back before it refuses.
  const std::string stat = proc_file::Read(folder + "/memory.stat");
  int64_t reclaimable = 0;
  for (const std::string_view key :
       {"inactive_file ", "active_file ", "slab_reclaimable "}) {
    const int64_t part = CountAfter(stat, key).value_or(0);
    reclaimable += std::min(part, *used - reclaimable);
  }
  const int64_t held = *used - reclaimable;
  memory.free_bytes =
      std::min(memory.free_bytes, std::max<int64_t>(0, *limit - held));
}

}  // namespace

HostMemory::HostMemory(Options options) : options_(std::move(options)) {}

absl::StatusOr<DeviceMemory> HostMemory::Measure() const {
  const std::string path = options_.proc + "/meminfo";
  const std::string text = proc_file::Read(path);
  const auto total = KibibytesAfter(text, "MemTotal:");
  const auto available = KibibytesAfter(text, "MemAvailable:");
  if (!total || !available) {
    return MakeError(absl::StatusCode::kUnavailable, "MEMINFO_UNREADABLE",
                     path + " tells no MemTotal and MemAvailable",
                     {{"path", path}});
  }
  DeviceMemory memory{.total_bytes = *total,
                      .free_bytes = std::min(*total, *available)};
  // The limits of the cgroups above hold too.
  for (const std::string& folder :
       CgroupFolders(options_.proc, options_.cgroup)) {
    ApplyCgroup(folder, memory);
  }
  return memory;
}

}  // namespace warmup
