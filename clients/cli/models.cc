#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "clients/cli/commands.h"
#include "clients/cli/flags.h"
#include "clients/cli/format.h"
#include "clients/cli/model_text.h"
#include "warmup/v1/model.grpc.pb.h"

namespace warmup::cli {
namespace {

using Stub = v1::ModelService::Stub;

std::string ModelsText(const v1::ListModelsResponse& response,
                       const Style& style) {
  if (response.models().empty()) {
    return "no model is registered: `warmupctl models register --help`\n";
  }
  const absl::Time now = absl::Now();
  Table table({{"MODEL"},
               {"TYPE"},
               {"STATE"},
               {"ENGINE"},
               {"SIZE", Align::kRight},
               {"COLD LOAD", Align::kRight},
               {"WARM LOAD", Align::kRight},
               {"NEXT", Align::kRight},
               {"LAST USED", Align::kRight},
               {"HELD BY"}});
  for (const v1::Model& model : response.models()) {
    table.Add({style.Bold(Printable(model.spec().model_id())),
               Word(model.spec().model_type()), StateText(model, style),
               Printable(model.spec().engine()), SizeText(model),
               LearnedTimeText(model.learned().cold_load()),
               LearnedTimeText(model.learned().warm_load()),
               model.probability_next() > 0
                   ? HumanPercent(model.probability_next())
                   : "-",
               LastUsedText(model, now), HoldsText(model)});
    if (model.state() == v1::MODEL_STATE_FAILED) {
      table.AddNote(absl::StrCat("  ", style.Red(LastErrorText(model))));
    }
  }
  return table.Render(style);
}

// Ids only is what completions ask for: one a line, as they are.
void List(Cli& cli, bool is_ids_only) {
  v1::ListModelsResponse all;
  v1::ListModelsRequest request;
  request.set_page_size(1000);
  do {
    const auto page = cli.Call(&Stub::ListModels, request);
    if (!page) return;
    all.mutable_models()->MergeFrom(page->models());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  std::string ids;
  for (const v1::Model& model : all.models()) {
    absl::StrAppend(&ids, Printable(model.spec().model_id()), "\n");
  }
  cli.Print(all, is_ids_only ? ids : ModelsText(all, cli.out()));
}

void Get(Cli& cli, const v1::GetModelRequest& request) {
  const auto response = cli.Call(&Stub::GetModel, request);
  if (!response) return;
  cli.Print(*response,
            DescribeModel(response->model(), absl::Now(), cli.out()));
}

// "07:32:57.427  llama3.1:8b   ● ready"
std::string WatchLine(const std::string& id, const std::string& text,
                      const Style& style) {
  const absl::Time now = absl::Now();
  return absl::StrCat(
      style.Dim(absl::FormatTime("%H:%M:%E3S", now, absl::LocalTimeZone())),
      "  ", Fit(Printable(id), 32), "  ", text, "\n");
}

std::string ChangeText(const v1::Model& model, const Style& style) {
  std::string text = StateText(model, style);
  if (model.load_kind() != v1::LOAD_KIND_UNSPECIFIED) {
    absl::StrAppend(&text, " (", Word(model.load_kind()), ")");
  }
  const std::string holds = HoldsText(model);
  if (!holds.empty()) absl::StrAppend(&text, "  ", holds);
  if (model.failure_count() > 0) {
    absl::StrAppend(&text, "  ", LastErrorText(model));
  }
  return text;
}

void Watch(Cli& cli, const v1::WatchModelsRequest& request) {
  cli.Watch(&Stub::WatchModels, request,
            [&cli](const v1::WatchModelsResponse& response) {
              std::string lines;
              for (const v1::Model& model : response.models()) {
                lines += WatchLine(model.spec().model_id(),
                                   ChangeText(model, cli.out()), cli.out());
              }
              for (const std::string& id : response.removed_model_ids()) {
                lines += WatchLine(id, cli.out().Dim("removed"), cli.out());
              }
              cli.PrintLine(response, lines);
            });
}

void AddWatch(CLI::App* group, Cli& cli) {
  CLI::App* watch = AddCommand(
      group, "watch", "Follow what changes, from the present state on",
      "Prints all models, then each change. With -o json, one WatchModels "
      "response a line: models, removed_model_ids and, in the one that ends "
      "the first listing, is_snapshot_complete. Ctrl-C ends it; --timeout "
      "watches for so long.",
      "warmupctl models watch\n"
      "warmupctl models watch llama3.1:8b -o json | jq '.models[].state'");
  auto& request = cli.Keep<v1::WatchModelsRequest>();
  AddTexts(watch, "MODEL", "MODEL", request.mutable_model_ids(),
           "Only these models (default: all)")
      ->allow_extra_args();
  watch->callback([&cli, &request] { Watch(cli, request); });
}

}  // namespace

void AddModels(CLI::App* app, Cli& cli) {
  CLI::App* group = AddCommand(
      app, "models", "The catalogue: list, get, register, update, remove",
      "Alone it lists all models.",
      "warmupctl models\n"
      "warmupctl models get llama3.1:8b\n"
      "warmupctl models register coder ~/models/coder.gguf --type completion");
  group->require_subcommand(0, 1);
  group->callback([&cli, group] {
    if (group->get_subcommands().empty()) List(cli, false);
  });

  CLI::App* list =
      AddCommand(group, "list", "All models and how warm they are", "",
                 "warmupctl models list\n"
                 "warmupctl models list --ids | xargs -n 1 warmupctl load");
  auto& is_ids_only = cli.Keep<bool>();
  list->add_flag("--ids", is_ids_only, "Only their ids, one a line");
  list->callback([&cli, &is_ids_only] { List(cli, is_ids_only); });

  CLI::App* get = AddCommand(group, "get", "All there is to say of one model",
                             "", "warmupctl models get llama3.1:8b");
  auto& get_request = cli.Keep<v1::GetModelRequest>();
  get->add_option("MODEL", *get_request.mutable_model_id(), "The model")
      ->type_name("MODEL")
      ->required();
  get->callback([&cli, &get_request] { Get(cli, get_request); });

  AddModelEdits(group, cli);
  AddWatch(group, cli);
}

}  // namespace warmup::cli
