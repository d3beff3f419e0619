#include "adapters/engines/exec/entries.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace warmup::exec {
namespace {

absl::StatusOr<Entry> MakeEntry(const std::string& engine,
                                const Command& command) {
  WARMUP_RETURN_IF_ERROR(ValidateCommand(command));
  WARMUP_ASSIGN_OR_RETURN(ReadyCheck ready,
                          ReadyCheck::Create(engine, command.ready));
  return Entry{command, std::move(ready)};
}

// An InvalidField error, seen from where the commands are listed.
absl::Status In(size_t index, const absl::Status& status) {
  std::string field = GetErrorDetails(status).metadata["field"];
  const std::string prefix = absl::StrCat("commands[", index, "].");
  return MakeError(status.code(), "INVALID_FIELD",
                   absl::StrCat(prefix, status.message()),
                   {{"field", prefix + field}});
}

}  // namespace

absl::StatusOr<Entries> MakeEntries(const std::string& engine,
                                    const std::vector<Command>& commands) {
  if (commands.empty() || commands.size() > kMaxCommands) {
    return InvalidField("commands",
                        absl::StrCat("must be 1 to ", kMaxCommands));
  }
  Entries entries;
  for (size_t i = 0; i < commands.size(); ++i) {
    const std::string& model = commands[i].model;
    auto entry = MakeEntry(engine, commands[i]);
    if (!entry.ok()) return In(i, entry.status());
    if (!entries.emplace(model, *std::move(entry)).second) {
      return In(i, InvalidField("model", "\"" + model + "\" is there twice"));
    }
  }
  return entries;
}

}  // namespace warmup::exec
