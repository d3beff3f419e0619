#include <string>

#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/flags.h"
#include "clients/cli/format.h"
#include "warmup/v1/engine.grpc.pb.h"

namespace warmup::cli {
namespace {

using Stub = v1::EngineService::Stub;

std::string HealthText(const v1::Engine& engine, const Style& style) {
  if (!engine.has_since()) return style.Dim("not looked at yet");
  return engine.is_available() ? style.Green("● there")
                               : style.Dim("○ not there");
}

void List(Cli& cli) {
  const auto response = cli.Call(&Stub::ListEngines, v1::ListEnginesRequest());
  if (!response) return;
  Table table({{"ENGINE"},
               {"KIND"},
               {"HEALTH"},
               {"MODELS", Align::kRight},
               {"READY", Align::kRight},
               {"ENDPOINT"}});
  for (const v1::Engine& engine : response->engines()) {
    table.Add({cli.out().Bold(Printable(engine.engine_id())),
               Printable(engine.kind()), HealthText(engine, cli.out()),
               absl::StrCat(engine.model_count()),
               absl::StrCat(engine.ready_count()),
               engine.endpoint().empty() ? "built in"
                                         : Printable(engine.endpoint())});
    if (!engine.error().empty()) {
      table.AddNote(cli.out().Dim(Printable(engine.error())));
    }
  }
  cli.Print(*response, table.Render(cli.out()));
}

void Detect(Cli& cli) {
  const auto response =
      cli.Call(&Stub::DetectEngines, v1::DetectEnginesRequest());
  if (!response) return;
  cli.Print(*response,
            "looking; `warmupctl engines` shows in a moment what is there\n");
}

}  // namespace

void AddEngines(CLI::App* app, Cli& cli) {
  CLI::App* group = AddCommand(
      app, "engines", "The inference servers that hold models",
      "Alone it lists those that are configured or looked for, and why one is "
      "not there.",
      "warmupctl engines\n"
      "warmupctl engines detect");
  group->require_subcommand(0, 1);
  group->callback([&cli, group] {
    if (group->get_subcommands().empty()) List(cli);
  });
  CLI::App* detect = AddCommand(
      group, "detect", "Look at all of them, and at what they offer, now",
      "Without it that happens by itself, each minute at the latest.",
      "warmupctl engines detect");
  detect->callback([&cli] { Detect(cli); });
}

}  // namespace warmup::cli
