#ifndef WARMUP_ADAPTERS_ENGINES_LLAMA_SERVER_PROCESSES_H_
#define WARMUP_ADAPTERS_ENGINES_LLAMA_SERVER_PROCESSES_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// The processes of this machine, as far as they are ours to see. A router tells
// the command of each of its children, with a port that no other has, but not
// their process ids.
namespace warmup::llama_server {

// The process that runs exactly this command. Reads the command of every
// process: nothing for each look.
std::optional<pid_t> FindProcess(const std::vector<std::string>& command);

// What the process has in memory, pages of its files included, as long as it
// runs this command.
std::optional<int64_t> ResidentBytes(pid_t pid,
                                     const std::vector<std::string>& command);

// The folders that the processes which run this program work in.
std::vector<std::string> FoldersOf(const std::string& program);

}  // namespace warmup::llama_server

#endif  // WARMUP_ADAPTERS_ENGINES_LLAMA_SERVER_PROCESSES_H_
