#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/flags.h"
#include "clients/cli/format.h"
#include "warmup/v1/warmup.grpc.pb.h"

namespace warmup::cli {
namespace {

void Record(Cli& cli, const std::vector<std::string>& models, v1::Usage usage) {
  v1::RecordUsageRequest request;
  for (const std::string& model : models) {
    usage.set_model_id(model);
    *request.add_usages() = usage;
  }
  const auto response =
      cli.Call(&v1::WarmupService::Stub::RecordUsage, request);
  if (!response) return;
  cli.Print(*response, "");
  cli.Say(absl::StrCat(Plural(static_cast<double>(models.size()), "use"),
                       " recorded"));
}

}  // namespace

void AddUsage(CLI::App* app, Cli& cli) {
  CLI::App* command = AddCommand(
      app, "usage", "Record real requests to models, or export the log of them",
      "The daemon learns from what was really used. Each MODEL is one request "
      "that begins now; all of them are taken, or none. A model that is called "
      "export is recorded by `warmupctl usage -- export`.",
      "warmupctl usage llama3.1:8b --session ide-1\n"
      "warmupctl usage qwen2.5-coder:1.5b nomic-embed-text\n"
      "warmupctl usage export -o my.csv.zst");
  auto& models = cli.Keep<std::vector<std::string>>();
  auto& usage = cli.Keep<v1::Usage>();
  command->add_option("MODEL", models, "What was used")->type_name("MODEL");
  command
      ->add_option("--session", *usage.mutable_session_id(),
                   "The session that used it")
      ->type_name("ID");
  command
      ->add_option("--user", *usage.mutable_user_id(),
                   "Who, if not the session's user")
      ->type_name("NAME");
  command->require_subcommand(0, 1);
  command->callback([&cli, &models, &usage, command] {
    if (!command->get_subcommands().empty()) return;
    if (models.empty()) throw CLI::RequiredError("MODEL");
    Record(cli, models, usage);
  });
  AddUsageExport(command, cli);
}

}  // namespace warmup::cli
