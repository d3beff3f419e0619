#include "clients/cli/commands.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "clients/cli/completion.h"
#include "clients/cli/flags.h"
#include "clients/cli/json.h"

namespace warmup::cli {
namespace {

constexpr char kDescription[] =
    "See and steer what warmupd keeps warm\n\n"
    "warmupd knows the AI model that will be needed next, and loads it before "
    "it is asked for. This program asks it, tells it and steers it. Data goes "
    "to the standard output, messages to the standard error.";

constexpr char kFooter[] = R"(warmupctl status
warmupctl predict --task chat
warmupctl load llama3.1:8b
warmupctl events watch -o json | jq -c .event_type
source <(warmupctl completion bash)
EXIT CODES
0  done                        5  refused: invalid, exists, wrong state
1  another error               6  a limit is reached, or no room
2  wrong command line          7  no answer in time
3  no daemon answers           8  not allowed
4  not found                   9  `health`: it does not serve
ENVIRONMENT
WARMUP_TARGET    where the daemon is, if --target is not given
XDG_RUNTIME_DIR  its socket is looked for here, then in /run/warmupd
NO_COLOR         no colours, if set)";

void AddGlobalOptions(CLI::App* app, Cli& cli) {
  app->add_option("--target", cli.target_flag,
                  "Where the daemon is: a socket's path, unix:PATH or "
                  "HOST:PORT (default $WARMUP_TARGET, else the socket)")
      ->type_name("ADDRESS");
  AddDuration(
      app, "--timeout", [&cli](absl::Duration wait) { cli.timeout = wait; },
      "How long to wait for an answer, or to watch (default 10s; load and "
      "unload as long as it takes; watches for ever)");
  AddWord(
      app, "-o,--output", {"table", "json"},
      [&cli](const std::string& word) { cli.is_json = word == "json"; },
      "json: the API's message, one object; watches print one a line "
      "(default table)");
  app->add_flag_callback(
      "--no-color", [&cli] { cli.DisableColor(); }, "No colours");
}

void AddCompletion(CLI::App* app, Cli& cli) {
  CLI::App* command = AddCommand(
      app, "completion", "Print the completion script of a shell",
      "It completes commands, options, their words, and the models that the "
      "daemon knows.",
      "source <(warmupctl completion bash)\n"
      "warmupctl completion bash > "
      "~/.local/share/bash-completion/completions/warmupctl\n"
      "warmupctl completion zsh > ~/.zfunc/_warmupctl\n"
      "warmupctl completion fish > "
      "~/.config/fish/completions/warmupctl.fish");
  auto& shell = cli.Keep<std::string>();
  AddWord(
      command, "SHELL", {"bash", "zsh", "fish"},
      [&shell](const std::string& word) { shell = word; }, "The shell")
      ->required();
  command->callback([app, &cli, &shell] {
    if (shell == "bash") cli.Write(BashCompletion(*app));
    if (shell == "zsh") cli.Write(ZshCompletion(*app));
    if (shell == "fish") cli.Write(FishCompletion(*app));
  });
}

void AddVersion(CLI::App* app, Cli& cli) {
  CLI::App* command =
      AddCommand(app, "version", "Print the version of this program", "",
                 "warmupctl version");
  command->callback([&cli] {
    cli.Write(cli.is_json ? IndentJson(absl::StrCat("{\"version\":\"",
                                                    WARMUP_VERSION, "\"}"))
                          : absl::StrCat("warmupctl ", WARMUP_VERSION, "\n"));
  });
}

// The commands added by `add` come under this heading.
template <class Add>
void Group(CLI::App* app, const std::string& heading, const Add& add) {
  const auto before = app->get_subcommands({});
  add();
  for (CLI::App* command : app->get_subcommands({})) {
    if (std::find(before.begin(), before.end(), command) == before.end()) {
      command->group(heading);
    }
  }
}

}  // namespace

void AddCommands(CLI::App* app, Cli& cli) {
  app->name("warmupctl");
  app->description(kDescription);
  app->footer(kFooter);
  app->set_help_flag("-h,--help", "Print this help");
  app->require_subcommand(1);
  AddGlobalOptions(app, cli);
  Group(app, "LOOK", [&] {
    AddStatus(app, cli);
    AddPredict(app, cli);
    AddModels(app, cli);
    AddEngines(app, cli);
    AddDevices(app, cli);
    AddMetrics(app, cli);
    AddQuality(app, cli);
    AddEvents(app, cli);
  });
  Group(app, "TELL", [&] {
    AddSession(app, cli);
    AddActivity(app, cli);
    AddUsage(app, cli);
  });
  Group(app, "STEER", [&] {
    AddLoad(app, cli);
    AddPin(app, cli);
    AddLease(app, cli);
    AddPolicy(app, cli);
  });
  Group(app, "CHECK", [&] {
    AddHealth(app, cli);
    AddServices(app, cli);
    AddReplay(app, cli);
    AddVersion(app, cli);
    AddCompletion(app, cli);
  });
}

}  // namespace warmup::cli
