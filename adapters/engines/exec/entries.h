#ifndef WARMUP_ADAPTERS_ENGINES_EXEC_ENTRIES_H_
#define WARMUP_ADAPTERS_ENGINES_EXEC_ENTRIES_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "adapters/engines/exec/command.h"
#include "adapters/engines/exec/ready_check.h"

namespace warmup::exec {

inline constexpr size_t kMaxCommands = 1'000;

// A command that is fit to be started, and how it is asked whether it is ready.
struct Entry {
  Command command;
  ReadyCheck ready;
};

using Entries = std::map<std::string, Entry>;  // by model

// INVALID_ARGUMENT naming the field that is wrong: "commands[2].ready.url".
absl::StatusOr<Entries> MakeEntries(const std::string& engine,
                                    const std::vector<Command>& commands);

}  // namespace warmup::exec

#endif  // WARMUP_ADAPTERS_ENGINES_EXEC_ENTRIES_H_
