#include "adapters/host/host_memory.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/error.h"

namespace warmup {
namespace {

// These files have a few kilobytes; more is not read.
constexpr size_t kMaxFileBytes = size_t{64} * 1024;
constexpr int64_t kKibibyte = 1024;

std::string ReadSmallFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxFileBytes, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  return text;
}

// The number at the start of `text`, after spaces; nothing if there is none
// or it is negative or too large.
std::optional<int64_t> ParseCount(std::string_view text) {
  const size_t start = text.find_first_not_of(" \t");
  if (start == std::string_view::npos) return std::nullopt;
  int64_t value = 0;
  const auto [end, error] =
      std::from_chars(text.data() + start, text.data() + text.size(), value);
  if (error != std::errc() || value < 0) return std::nullopt;
  return value;
}

// The rest of the line that begins with `key`, which is at a line's start.
std::optional<int64_t> CountAfter(std::string_view text, std::string_view key) {
  for (size_t at = text.find(key); at != std::string_view::npos;
       at = text.find(key, at + 1)) {
    if (at == 0 || text[at - 1] == '\n') {
      return ParseCount(text.substr(at + key.size()));
    }
  }
  return std::nullopt;
}

std::optional<int64_t> KibibytesAfter(std::string_view text,
                                      std::string_view key) {
  const auto count = CountAfter(text, key);
  if (!count || *count > std::numeric_limits<int64_t>::max() / kKibibyte) {
    return std::nullopt;
  }
  return *count * kKibibyte;
}

// Where this process is in the cgroup v2 tree: "/a/b", "" for the root.
std::string CgroupPath(const std::string& proc) {
  const std::string text = ReadSmallFile(proc + "/self/cgroup");
  constexpr std::string_view kUnified = "0::";
  for (size_t at = text.find(kUnified); at != std::string::npos;
       at = text.find(kUnified, at + 1)) {
    if (at != 0 && text[at - 1] != '\n') continue;
    std::string path = text.substr(at + kUnified.size());
    path.resize(std::min(path.size(), path.find('\n')));
    if (path.find("..") != std::string::npos) return {};
    return path == "/" ? std::string() : path;
  }
  return {};
}

// Narrows `memory` to what one cgroup allows, if it has a limit.
void ApplyCgroup(const std::string& folder, DeviceMemory& memory) {
  // "max", or a folder without the memory controller: no limit.
  const auto limit = ParseCount(ReadSmallFile(folder + "/memory.max"));
  if (!limit) return;
  memory.total_bytes = std::min(memory.total_bytes, *limit);
  const auto used = ParseCount(ReadSmallFile(folder + "/memory.current"));
  if (!used) return;
  // As MemAvailable: what the kernel would take back before it refuses.
  const std::string stat = ReadSmallFile(folder + "/memory.stat");
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

absl::StatusOr<DeviceMemory> HostMemory::Measure() {
  const std::string path = options_.proc + "/meminfo";
  const std::string text = ReadSmallFile(path);
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
  for (std::string group = CgroupPath(options_.proc);;) {
    ApplyCgroup(options_.cgroup + group, memory);
    if (group.empty()) break;
    group.resize(group.rfind('/') == std::string::npos ? 0 : group.rfind('/'));
  }
  return memory;
}

}  // namespace warmup
