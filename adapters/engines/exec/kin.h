#ifndef WARMUP_ADAPTERS_ENGINES_EXEC_KIN_H_
#define WARMUP_ADAPTERS_ENGINES_EXEC_KIN_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "adapters/engines/exec/process_table.h"

// Which processes belong to a command, and which were left by a warmupd that
// is no more.
//
// A command's processes carry a marker in their environment: it names the
// warmupd that started them, so that only what nobody looks after any more is
// taken for left over. A process that leaves its group and session keeps it;
// one that has written over its own environment is still found by its session
// or its parent.
namespace warmup::exec {

inline constexpr char kMarkerName[] = "WARMUPD_EXEC";

// The marker's value for a command of this process: "ENGINE/MODEL/" and what
// tells this process, and this start of the command, from any other.
std::string MakeMarker(std::string_view engine, std::string_view model);

// A process, as a marker names it.
struct Owner {
  std::string pid_namespace;  // a number elsewhere is another process
  pid_t pid = 0;
  uint64_t start_ticks = 0;
};
std::optional<Owner> ParseOwner(std::string_view marker);

// A command's first process.
struct Leader {
  pid_t pid = 0;
  uint64_t start_ticks = 0;
  std::string marker;
  std::string cgroup;  // a folder; empty: none of its own
};

// The living ones that belong to it, with itself. The leader has not been
// reaped, or its number may be another's.
std::vector<ProcessInfo> FindKin(const Leader& leader);

// Kills what is left of the commands of this user's warmupds that are no more,
// and waits until it is gone, for at most `patience`. Returns what was found.
std::vector<ProcessInfo> EndLeftovers(absl::Duration patience);

}  // namespace warmup::exec

#endif  // WARMUP_ADAPTERS_ENGINES_EXEC_KIN_H_
