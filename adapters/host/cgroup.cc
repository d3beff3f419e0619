#include "adapters/host/cgroup.h"

#include <algorithm>
#include <string_view>

#include "adapters/host/proc_file.h"

namespace warmup {
namespace {

// Where this process is in the cgroup v2 tree: "/a/b", "" for the root.
std::string CgroupPath(const std::string& proc) {
  const std::string text = proc_file::Read(proc + "/self/cgroup");
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

}  // namespace

std::vector<std::string> CgroupFolders(const std::string& proc,
                                       const std::string& cgroup) {
  std::vector<std::string> folders;
  for (std::string group = CgroupPath(proc);;) {
    folders.push_back(cgroup + group);
    if (group.empty()) return folders;
    group.resize(group.rfind('/') == std::string::npos ? 0 : group.rfind('/'));
  }
}

}  // namespace warmup
