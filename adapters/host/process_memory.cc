#include "adapters/host/process_memory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "adapters/host/listeners.h"
#include "adapters/host/proc_file.h"

namespace warmup {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxStatBytes = 4096;

// Whether a connection to 127.0.0.1 or ::1 gets there.
bool IsReachedByLoopback(std::string_view address) {
  return address == "127.0.0.1" || address == "0.0.0.0" || address == "::1" ||
         address == "::" || address == "::ffff:127.0.0.1";
}

bool IsOurUsers(const std::string& process) {
  struct stat owner{};
  return stat(process.c_str(), &owner) == 0 && owner.st_uid == geteuid();
}

// The pids there, with what each comes from.
std::map<pid_t, pid_t> ParentsByPid(const std::string& proc) {
  std::map<pid_t, pid_t> parents;
  std::error_code error;
  for (fs::directory_iterator entry(proc, error), end; !error && entry != end;
       entry.increment(error)) {
    pid_t pid = 0;
    if (!absl::SimpleAtoi(entry->path().filename().string(), &pid)) continue;
    // "pid (name) S ppid ...", where the name may hold anything.
    const std::string stat =
        proc_file::Read(entry->path() / "stat", kMaxStatBytes);
    const size_t name_end = stat.rfind(')');
    if (name_end == std::string::npos || name_end + 4 > stat.size()) continue;
    const auto parent =
        proc_file::ParseCount(std::string_view(stat).substr(name_end + 4));
    if (parent.has_value()) parents[pid] = static_cast<pid_t>(*parent);
  }
  return parents;
}

// Nothing of one that is gone.
int64_t BytesOf(const std::string& process) {
  const std::string rollup = proc_file::Read(process + "/smaps_rollup");
  if (const auto pss = proc_file::KibibytesAfter(rollup, "Pss:")) return *pss;
  const std::string status = proc_file::Read(process + "/status");
  return proc_file::KibibytesAfter(status, "VmRSS:").value_or(0);
}

}  // namespace

ProcessMemory::ProcessMemory(Options options) : options_(std::move(options)) {}

std::optional<int64_t> ProcessMemory::BytesBehindPort(int port) const {
  const auto listeners = ListListeners(options_.proc);
  if (!listeners.ok()) return std::nullopt;
  for (const Listener& listener : *listeners) {
    if (listener.port != port || listener.pid == 0 ||
        listener.pid == getpid() || !IsReachedByLoopback(listener.address) ||
        !IsOurUsers(absl::StrCat(options_.proc, "/", listener.pid))) {
      continue;
    }
    const int64_t bytes = TreeBytes(listener.pid);
    return bytes > 0 ? std::optional(bytes) : std::nullopt;
  }
  return std::nullopt;
}

int64_t ProcessMemory::TreeBytes(pid_t pid) const {
  const std::map<pid_t, pid_t> parents = ParentsByPid(options_.proc);
  std::multimap<pid_t, pid_t> children;
  for (const auto& [child, parent] : parents) children.emplace(parent, child);
  std::vector<pid_t> tree = {pid};
  std::set<pid_t> seen = {pid};  // the files were not read at one moment
  int64_t bytes = 0;
  while (!tree.empty()) {
    const pid_t next = tree.back();
    tree.pop_back();
    bytes += BytesOf(absl::StrCat(options_.proc, "/", next));
    const auto [begin, end] = children.equal_range(next);
    for (auto it = begin; it != end; ++it) {
      if (seen.insert(it->second).second) tree.push_back(it->second);
    }
  }
  return bytes;
}

}  // namespace warmup
