#ifndef WARMUP_ADAPTERS_ENGINES_EXEC_SPAWN_H_
#define WARMUP_ADAPTERS_ENGINES_EXEC_SPAWN_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "adapters/engines/exec/unique_fd.h"

namespace warmup::exec {

// What to start, and how.
struct Launch {
  std::string program;  // a path; a relative one is seen from the folder below
  std::vector<std::string> argv;         // with the program's name
  std::vector<std::string> environment;  // "NAME=value", all of it
  std::string working_directory;         // empty: ours
  std::string cgroup;                    // a folder to be in; empty: ours
};

// Why a process did not get to run its program.
struct LaunchFailure {
  enum class Step : int { kCgroup, kWorkingDirectory, kProgram };
  Step step = Step::kProgram;
  int error = 0;  // errno
};

// A process that was started. All descriptors close on exec and never block.
struct Spawned {
  pid_t pid = -1;
  UniqueFd pidfd;    // readable once it has ended
  UniqueFd output;   // what it writes to stdout and stderr
  UniqueFd failure;  // a LaunchFailure, or nothing when the program runs
};

// Starts it as the leader of a session and group of its own, with nothing of
// ours but its environment: stdin is empty, no other descriptor is open,
// signals are as the system has them. It is killed when the calling THREAD
// ends, so this is called by one that stays.
//
// RESOURCE_EXHAUSTED (SYSTEM_LIMIT) when there can be no further process.
absl::StatusOr<Spawned> Spawn(const Launch& launch);

// Reads `failure` without waiting. False: not yet known.
bool ReadFailure(const UniqueFd& failure, LaunchFailure* result,
                 bool* has_failed);

}  // namespace warmup::exec

#endif  // WARMUP_ADAPTERS_ENGINES_EXEC_SPAWN_H_
