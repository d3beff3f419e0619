#include "adapters/engines/llama_server/processes.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <filesystem>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "adapters/host/proc_file.h"

namespace warmup::llama_server {
namespace {

std::string PathOf(pid_t pid, const char* name) {
  return absl::StrCat("/proc/", pid, "/", name);
}

std::vector<pid_t> ListProcesses() {
  std::vector<pid_t> pids;
  std::error_code error;
  for (std::filesystem::directory_iterator it("/proc", error), end;
       !error && it != end; it.increment(error)) {
    pid_t pid = 0;
    if (absl::SimpleAtoi(it->path().filename().string(), &pid)) {
      pids.push_back(pid);
    }
  }
  return pids;
}

bool Runs(pid_t pid, const std::vector<std::string>& command) {
  std::string wanted;
  for (const std::string& argument : command) {
    wanted += argument;
    wanted += '\0';
  }
  return proc_file::Read(PathOf(pid, "cmdline")) == wanted;
}

// Empty: not there, or not ours to see.
std::string LinkAt(const std::string& path) {
  std::array<char, PATH_MAX> target{};
  const ssize_t length = readlink(path.c_str(), target.data(), target.size());
  if (length <= 0 || length == static_cast<ssize_t>(target.size())) return {};
  return {target.data(), static_cast<size_t>(length)};
}

}  // namespace

std::optional<pid_t> FindProcess(const std::vector<std::string>& command) {
  if (command.empty()) return std::nullopt;
  const std::vector<pid_t> pids = ListProcesses();
  const auto it = std::find_if(pids.begin(), pids.end(),
                               [&](pid_t pid) { return Runs(pid, command); });
  if (it == pids.end()) return std::nullopt;
  return *it;
}

std::optional<int64_t> ResidentBytes(pid_t pid,
                                     const std::vector<std::string>& command) {
  if (!Runs(pid, command)) return std::nullopt;
  const std::vector<std::string> fields =
      absl::StrSplit(proc_file::Read(PathOf(pid, "statm")), ' ');
  int64_t pages = 0;
  if (fields.size() < 2 || !absl::SimpleAtoi(fields[1], &pages) || pages < 0) {
    return std::nullopt;
  }
  return pages * sysconf(_SC_PAGESIZE);
}

std::vector<std::string> FoldersOf(const std::string& program) {
  std::vector<std::string> folders;
  for (const pid_t pid : ListProcesses()) {
    if (LinkAt(PathOf(pid, "exe")) != program) continue;
    std::string folder = LinkAt(PathOf(pid, "cwd"));
    if (!folder.empty()) folders.push_back(std::move(folder));
  }
  return folders;
}

}  // namespace warmup::llama_server
