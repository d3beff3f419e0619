#ifndef WARMUP_CLIENTS_CLI_COMPLETION_H_
#define WARMUP_CLIENTS_CLI_COMPLETION_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace CLI {
class App;
}

namespace warmup::cli {

// The completion script of `app` for "bash", "zsh" or "fish", made from its
// commands and options. What to offer for a value is told by the option's
// type name: MODEL (asked from the daemon), FILE, DIR, or choices as "a|b|c".
absl::StatusOr<std::string> CompletionScript(const CLI::App& app,
                                             std::string_view shell);

}  // namespace warmup::cli

#endif  // WARMUP_CLIENTS_CLI_COMPLETION_H_
