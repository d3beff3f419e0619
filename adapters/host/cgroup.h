#ifndef WARMUP_ADAPTERS_HOST_CGROUP_H_
#define WARMUP_ADAPTERS_HOST_CGROUP_H_

#include <string>
#include <vector>

namespace warmup {

// The folders of this process's cgroup (version 2) and of those above it, its
// own first, the root last; `cgroup` is where they are mounted. Only the root
// where it is in none.
std::vector<std::string> CgroupFolders(const std::string& proc,
                                       const std::string& cgroup);

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_HOST_CGROUP_H_
