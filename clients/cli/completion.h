#ifndef WARMUP_CLIENTS_CLI_COMPLETION_H_
#define WARMUP_CLIENTS_CLI_COMPLETION_H_

#include <CLI/CLI.hpp>
#include <string>

namespace warmup::cli {

// The completion scripts of `app`, made from its commands and options. What is
// offered for a value is told by the option's type name: MODEL (asked from the
// daemon), ROLE=MODEL, FILE, or choices as "a|b|c".
std::string BashCompletion(const CLI::App& app);
std::string ZshCompletion(const CLI::App& app);
std::string FishCompletion(const CLI::App& app);

}  // namespace warmup::cli

#endif  // WARMUP_CLIENTS_CLI_COMPLETION_H_
