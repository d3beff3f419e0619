#include "adapters/engines/exec/cgroup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "adapters/engines/exec/process_table.h"
#include "adapters/engines/exec/unique_fd.h"

namespace warmup::exec {
namespace {

bool Write(const std::string& path, std::string_view text) {
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return fd.is_open() && write(fd.get(), text.data(), text.size()) ==
                             static_cast<ssize_t>(text.size());
}

// systemd marks what it has handed over.
bool IsDelegated(const std::string& folder) {
  char value = '0';
  return getxattr(folder.c_str(), "user.delegate", &value, 1) == 1 &&
         value == '1';
}

}  // namespace

std::string OwnCgroup() {
  const auto text = ReadProcFile("/proc/self/cgroup");
  if (!text.has_value()) return {};
  for (const absl::string_view line : absl::StrSplit(*text, '\n')) {
    if (!absl::StartsWith(line, "0::/")) continue;
    // Alone, or beside those of version 1.
    for (const char* root : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
      std::string folder = absl::StrCat(root, line.substr(3));
      if (access((folder + "/cgroup.controllers").c_str(), R_OK) == 0) {
        return folder;
      }
    }
  }
  return {};
}

absl::StatusOr<std::string> TakeDelegatedCgroup() {
  const auto none = [](std::string_view why) {
    return absl::FailedPreconditionError(
        absl::StrCat("no control group for commands: ", std::string(why)));
  };
  std::string folder = OwnCgroup();
  if (folder.empty()) return none("cgroup v2 is not there");
  if (!IsDelegated(folder)) return none(folder + " is not delegated to us");
  const std::string home = folder + "/warmupd";
  if ((mkdir(home.c_str(), 0755) != 0 && errno != EEXIST) ||
      !Write(home + "/cgroup.procs", "0")) {
    return none(home + " cannot be made or entered");
  }
  if (!Write(folder + "/cgroup.subtree_control", "+memory")) {
    return none(folder + " does not count the memory of those below");
  }
  return folder;
}

std::string MakeCgroup(const std::string& parent, std::string_view marker) {
  const size_t slash = marker.rfind('/');
  const std::string name(
      slash == std::string_view::npos ? marker : marker.substr(slash + 1));
  std::string folder = absl::StrCat(parent, "/warmupd-exec-", name);
  if (mkdir(folder.c_str(), 0755) != 0) return {};
  return folder;
}

void RemoveCgroup(const std::string& folder) { rmdir(folder.c_str()); }

std::set<pid_t> ReadCgroupProcesses(const std::string& folder) {
  std::set<pid_t> pids;
  const auto text = ReadProcFile(folder + "/cgroup.procs");
  if (!text.has_value()) return pids;
  for (const absl::string_view line :
       absl::StrSplit(*text, '\n', absl::SkipEmpty())) {
    pid_t pid = 0;
    if (absl::SimpleAtoi(line, &pid) && pid > 0) pids.insert(pid);
  }
  return pids;
}

void KillCgroup(const std::string& folder) {
  Write(folder + "/cgroup.kill", "1");
}

std::optional<int64_t> ReadCgroupBytes(const std::string& folder) {
  const auto text = ReadProcFile(folder + "/memory.stat");
  if (!text.has_value()) return std::nullopt;
  return ParseMemoryStat(*text);
}

std::optional<int64_t> ParseMemoryStat(std::string_view text) {
  int64_t sum = 0;
  int found = 0;
  const std::string copy(text);
  for (const absl::string_view line : absl::StrSplit(copy, '\n')) {
    const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
    int64_t bytes = 0;
    if (words.size() == 2 &&
        (words[0] == "anon" || words[0] == "file_mapped") &&
        absl::SimpleAtoi(words[1], &bytes) && bytes >= 0 &&
        bytes < int64_t{1} << 60) {
      sum += bytes;
      ++found;
    }
  }
  if (found != 2) return std::nullopt;
  return sum;
}

}  // namespace warmup::exec
