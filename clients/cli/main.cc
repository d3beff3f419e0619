// warmupctl: the command line of warmupd.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "clients/cli/client.h"
#include "clients/cli/commands.h"
#include "clients/cli/help.h"
#include "clients/cli/usage_error.h"

namespace warmup::cli {
namespace {

int Run(int argc, char* argv[]) {
  Cli cli;
  CLI::App app;
  // Wide lines are hard to read.
  const int columns = std::min(GetTerminalSize(STDOUT_FILENO).columns, 100);
  app.formatter(std::make_shared<HelpFormatter>(cli.out(), columns));
  AddCommands(&app, cli);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    cli.Write(app.help());
  } catch (const CLI::ParseError& error) {
    if (argc == 1) {
      cli.Write(app.help());
      return kExitOk;
    }
    cli.Fail(kExitUsage, DescribeUsageError(app, error),
             absl::StrCat("see `", ChosenCommand(app), " --help`"));
  }
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    cli.Fail(kExitFailed, "the standard output cannot be written");
  }
  return cli.exit_code();
}

}  // namespace
}  // namespace warmup::cli

int main(int argc, char* argv[]) {
  // What gRPC has to say comes with the errors of the calls.
  setenv("GRPC_VERBOSITY", "NONE", 0);
  return warmup::cli::Run(argc, argv);
}
