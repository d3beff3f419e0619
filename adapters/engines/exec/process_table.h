#ifndef WARMUP_ADAPTERS_ENGINES_EXEC_PROCESS_TABLE_H_
#define WARMUP_ADAPTERS_ENGINES_EXEC_PROCESS_TABLE_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What /proc tells of processes.
namespace warmup::exec {

struct ProcessInfo {
  pid_t pid = 0;
  pid_t parent = 0;
  pid_t group = 0;
  pid_t session = 0;
  char state = '?';
  int64_t cpu_ticks = 0;     // user and system, without its children
  uint64_t start_ticks = 0;  // since boot; with the pid, who it is

  bool is_alive() const { return state != 'Z' && state != 'X'; }
};

// The text of /proc/PID/stat; nothing when it is not that.
std::optional<ProcessInfo> ParseStat(std::string_view text);
// Nothing: there is none.
std::optional<ProcessInfo> ReadProcess(pid_t pid);
// All that are alive.
std::vector<ProcessInfo> ReadProcesses();
// And those that have ended; one that is gone by the time it is looked at has
// the state X and nothing but its number.
std::vector<ProcessInfo> ReadAllProcesses();

// Of these, those that have not ended, as they are now.
std::vector<ProcessInfo> ReadAgain(const std::vector<ProcessInfo>& processes);

// What a process was started with: "NAME=value", each with a NUL behind it.
// Empty when it has none (any more); nothing when it is not ours to read.
std::optional<std::string> ReadEnvironment(pid_t pid);
// The value of one; nothing when it is not there.
std::optional<std::string> FindVariable(std::string_view environment,
                                        std::string_view name);
std::optional<std::string> ReadVariable(pid_t pid, std::string_view name);

// Its share of memory: what it has alone, and its part of what it shares. That
// of a process that does not let itself be read is all that it has in memory.
int64_t ReadMemoryBytes(pid_t pid);

// What it read from disk since it was started, by reading or by mapping; 0 when
// it does not let itself be read.
int64_t ReadDiskBytes(pid_t pid);

// Unless another process has the number meanwhile.
void SignalProcess(const ProcessInfo& process, int signal);

// A small file of /proc or a cgroup; nothing when it cannot be read.
std::optional<std::string> ReadProcFile(const std::string& path);

}  // namespace warmup::exec

#endif  // WARMUP_ADAPTERS_ENGINES_EXEC_PROCESS_TABLE_H_
