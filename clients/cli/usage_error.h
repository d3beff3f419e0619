#ifndef WARMUP_CLIENTS_CLI_USAGE_ERROR_H_
#define WARMUP_CLIENTS_CLI_USAGE_ERROR_H_

#include <CLI/CLI.hpp>
#include <string>

namespace warmup::cli {

// The command that was chosen, as far as it was understood: "warmupctl models".
std::string ChosenCommand(const CLI::App& app);

// What is wrong with a command line, after `app` refused it with `error`.
std::string DescribeUsageError(const CLI::App& app,
                               const CLI::ParseError& error);

}  // namespace warmup::cli

#endif  // WARMUP_CLIENTS_CLI_USAGE_ERROR_H_
