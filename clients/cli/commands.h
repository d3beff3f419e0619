#ifndef WARMUP_CLIENTS_CLI_COMMANDS_H_
#define WARMUP_CLIENTS_CLI_COMMANDS_H_

#include <CLI/CLI.hpp>

#include "clients/cli/client.h"

// Each adds one group of commands to the program: what they are called, what
// they take, and what they do when they are chosen. `cli` outlives `app`.
namespace warmup::cli {

void AddPredict(CLI::App* app, Cli& cli);
void AddSession(CLI::App* app, Cli& cli);
void AddActivity(CLI::App* app, Cli& cli);
void AddUsage(CLI::App* app, Cli& cli);
void AddUsageExport(CLI::App* usage, Cli& cli);  // below `usage`
void AddModels(CLI::App* app, Cli& cli);
void AddModelEdits(CLI::App* models, Cli& cli);  // below `models`
void AddEngines(CLI::App* app, Cli& cli);
void AddDevices(CLI::App* app, Cli& cli);
void AddLoad(CLI::App* app, Cli& cli);
void AddPin(CLI::App* app, Cli& cli);
void AddLease(CLI::App* app, Cli& cli);
void AddPolicy(CLI::App* app, Cli& cli);
void AddEvents(CLI::App* app, Cli& cli);
void AddMetrics(CLI::App* app, Cli& cli);
void AddQuality(CLI::App* app, Cli& cli);
void AddStatus(CLI::App* app, Cli& cli);
void AddHealth(CLI::App* app, Cli& cli);
void AddServices(CLI::App* app, Cli& cli);
void AddReplay(CLI::App* app, Cli& cli);

// The whole command line, with `completion` and `version`.
void AddCommands(CLI::App* app, Cli& cli);

}  // namespace warmup::cli

#endif  // WARMUP_CLIENTS_CLI_COMMANDS_H_
