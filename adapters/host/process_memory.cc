#include "adapters/host/process_memory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "adapters/host/listeners.h"
#include "adapters/host/proc_file.h"

namespace warmup {
namespace {

namespace fs = std::filesystem;

bool IsOurUsers(const std::string& process) {
  struct stat owner{};
  return stat(process.c_str(), &owner) == 0 && owner.st_uid == geteuid();
}

// What a process has started, by each of its threads.
std::vector<pid_t> ChildrenOf(const std::string& proc, pid_t pid) {
  std::vector<pid_t> children;
  std::error_code error;
  for (fs::directory_iterator
           thread(absl::StrCat(proc, "/", pid, "/task"), error),
       end;
       !error && thread != end; thread.increment(error)) {
    const std::string pids = proc_file::Read(thread->path() / "children");
    for (const absl::string_view word :
         absl::StrSplit(pids, ' ', absl::SkipEmpty())) {
      pid_t child = 0;
      if (absl::SimpleAtoi(word, &child)) children.push_back(child);
    }
  }
  return children;
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
  const auto listener = FindLoopbackListener(port, options_.proc);
  if (!listener.has_value() || listener->pid == getpid() ||
      !IsOurUsers(absl::StrCat(options_.proc, "/", listener->pid))) {
    return std::nullopt;
  }
  const int64_t bytes = TreeBytes(listener->pid);
  return bytes > 0 ? std::optional(bytes) : std::nullopt;
}

int64_t ProcessMemory::TreeBytes(pid_t pid) const {
  std::vector<pid_t> tree = {pid};
  std::set<pid_t> seen = {pid};  // the files were not read at one moment
  int64_t bytes = 0;
  while (!tree.empty()) {
    const pid_t next = tree.back();
    tree.pop_back();
    bytes += BytesOf(absl::StrCat(options_.proc, "/", next));
    for (const pid_t child : ChildrenOf(options_.proc, next)) {
      if (seen.insert(child).second) tree.push_back(child);
    }
  }
  return bytes;
}

}  // namespace warmup
