#ifndef WARMUP_ADAPTERS_ENGINES_EXEC_CGROUP_H_
#define WARMUP_ADAPTERS_ENGINES_EXEC_CGROUP_H_

#include <sys/types.h>

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

// Control groups (version 2) of commands: where one is delegated to us, a
// command's processes cannot leave it, and its memory is one number.
namespace warmup::exec {

// The folder of the one that this process is in; empty: there is none.
std::string OwnCgroup();
// The folder below which commands may have theirs, with their memory counted:
// our own, if systemd has delegated it to us (Delegate=memory). Moves this
// process into one below, because those that have others below are to be empty;
// so it is for a daemon that starts, before it has children.
// FAILED_PRECONDITION saying why there is none.
absl::StatusOr<std::string> TakeDelegatedCgroup();

// Makes one for a command below `parent`; its folder, or empty if that is not
// allowed there.
std::string MakeCgroup(const std::string& parent, std::string_view marker);
// Once nobody is in it.
void RemoveCgroup(const std::string& folder);

std::set<pid_t> ReadCgroupProcesses(const std::string& folder);
// Kills all that is in it or below, at once.
void KillCgroup(const std::string& folder);
// What would come back: anonymous memory and the files that are mapped, not
// those that were merely read. Nothing where memory is not counted.
std::optional<int64_t> ReadCgroupBytes(const std::string& folder);
// The text of memory.stat.
std::optional<int64_t> ParseMemoryStat(std::string_view text);

}  // namespace warmup::exec

#endif  // WARMUP_ADAPTERS_ENGINES_EXEC_CGROUP_H_
