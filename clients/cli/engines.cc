#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
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

// "load unload use"
std::string AbilitiesText(const v1::EngineAbilities& can) {
  std::vector<std::string> words;
  for (const auto& [word, is_able] :
       {std::pair{"load", can.can_load()},
        std::pair{"unload", can.can_unload()},
        std::pair{"tiers", can.has_tiers()},
        std::pair{"progress", can.shows_progress()},
        std::pair{"use", can.shows_use()},
        std::pair{"memory", can.shows_memory()}}) {
    if (is_able) words.emplace_back(word);
  }
  return words.empty() ? "-" : absl::StrJoin(words, " ");
}

std::string OrDash(const std::string& text) {
  return text.empty() ? "-" : Printable(text);
}

std::string EnginesText(const v1::ListEnginesResponse& response,
                        const Style& style) {
  Table table({{"ENGINE"},
               {"KIND"},
               {"VERSION"},
               {"HEALTH"},
               {"MODELS", Align::kRight},
               {"READY", Align::kRight},
               {"ENDPOINT"},
               {"CAN"}});
  for (const v1::Engine& engine : response.engines()) {
    table.Add(
        {style.Bold(Printable(engine.engine_id())), Printable(engine.kind()),
         OrDash(engine.version()), HealthText(engine, style),
         absl::StrCat(engine.model_count()), absl::StrCat(engine.ready_count()),
         engine.endpoint().empty() ? "built in" : Printable(engine.endpoint()),
         AbilitiesText(engine.abilities())});
    if (!engine.error().empty()) {
      table.AddNote(style.Dim(absl::StrCat("  ", Printable(engine.error()))));
    }
  }
  std::string text = table.Render(style);
  for (const v1::NotTaken& not_taken : response.not_taken()) {
    absl::StrAppend(
        &text,
        style.Dim(absl::StrCat("not taken: ", Printable(not_taken.endpoint()),
                               ": ", Printable(not_taken.reason()))),
        "\n");
  }
  return text;
}

void List(Cli& cli, bool is_ids_only) {
  const auto response = cli.Call(&Stub::ListEngines, v1::ListEnginesRequest());
  if (!response) return;
  std::string ids;
  for (const v1::Engine& engine : response->engines()) {
    absl::StrAppend(&ids, Printable(engine.engine_id()), "\n");
  }
  cli.Print(*response, is_ids_only ? ids : EnginesText(*response, cli.out()));
}

// What changed of the list, a line each.
class Changes {
 public:
  std::string Take(const v1::WatchEnginesResponse& response,
                   const Style& style) {
    std::map<std::string, std::string> now;
    for (const v1::Engine& engine : response.engines()) {
      now[engine.engine_id()] = absl::StrCat(
          HealthText(engine, style), "  ", engine.model_count(), " models, ",
          engine.ready_count(), " ready", engine.error().empty() ? "" : "  ",
          Printable(engine.error()));
    }
    for (const v1::NotTaken& not_taken : response.not_taken()) {
      now[not_taken.endpoint()] =
          style.Dim(absl::StrCat("not taken: ", Printable(not_taken.reason())));
    }
    std::string lines;
    for (const auto& [what, text] : now) {
      const auto before = before_.find(what);
      if (before != before_.end() && before->second == text) continue;
      absl::StrAppend(&lines, Line(what, text, style));
    }
    for (const auto& [what, text] : before_) {
      if (!now.contains(what)) {
        absl::StrAppend(&lines, Line(what, style.Dim("removed"), style));
      }
    }
    before_ = std::move(now);
    return lines;
  }

 private:
  static std::string Line(const std::string& what, const std::string& text,
                          const Style& style) {
    return absl::StrCat(style.Dim(absl::FormatTime("%H:%M:%E3S", absl::Now(),
                                                   absl::LocalTimeZone())),
                        "  ", Fit(Printable(what), 24), "  ", text, "\n");
  }

  std::map<std::string, std::string> before_;
};

void Watch(Cli& cli) {
  Changes changes;
  cli.Watch(&Stub::WatchEngines, v1::WatchEnginesRequest(),
            [&](const v1::WatchEnginesResponse& response) {
              cli.PrintLine(response, changes.Take(response, cli.out()));
            });
}

void Detect(Cli& cli) {
  const auto response =
      cli.Call(&Stub::DetectEngines, v1::DetectEnginesRequest());
  if (!response) return;
  cli.Print(*response,
            "looking; `warmupctl engines` shows in a moment what is there\n");
}

void Add(Cli& cli, const v1::AddEngineRequest& request) {
  const auto response = cli.Call(&Stub::AddEngine, request);
  if (!response) return;
  const v1::Engine& engine = response->engine();
  cli.Print(*response,
            absl::StrCat(cli.out().Bold(Printable(engine.engine_id())), "  ",
                         Printable(engine.kind()), " at ",
                         Printable(engine.endpoint()), "\n"));
}

void Remove(Cli& cli, const v1::RemoveEngineRequest& request) {
  const auto response = cli.Call(&Stub::RemoveEngine, request);
  if (!response) return;
  cli.Print(*response, "removed, and left alone until it is added\n");
}

void AddEdits(CLI::App* group, Cli& cli) {
  CLI::App* add = AddCommand(
      group, "add", "Take a server as an engine, also after a restart",
      "It is asked what it is, unless --kind says so.",
      "warmupctl engines add http://10.0.0.5:11434\n"
      "warmupctl engines add http://gpu:8000 --kind vllm --id big");
  auto& request = cli.Keep<v1::AddEngineRequest>();
  add->add_option("ENDPOINT", *request.mutable_endpoint(),
                  "http://HOST:PORT, https://HOST:PORT, unix:/PATH or "
                  "grpc://HOST:PORT")
      ->type_name("ENDPOINT")
      ->required();
  add->add_option("--kind", *request.mutable_kind(),
                  "ollama, llama-server, llama-swap, lm-studio, local-ai, vllm "
                  "or kserve")
      ->type_name("KIND");
  add->add_option("--id", *request.mutable_engine_id(),
                  "What models call it (default: made from its kind)")
      ->type_name("ID");
  add->add_option("--token-file", *request.mutable_token_file(),
                  "A file on the daemon's machine with a bearer token")
      ->type_name("PATH");
  add->callback([&cli, &request] { Add(cli, request); });

  CLI::App* remove = AddCommand(
      group, "remove", "Leave a server alone from here on",
      "Its models leave the catalogue; what is loaded there stays. One that is "
      "configured is removed in the configuration.",
      "warmupctl engines remove ollama");
  auto& removal = cli.Keep<v1::RemoveEngineRequest>();
  remove->add_option("ENGINE", *removal.mutable_engine_id(), "The engine's id")
      ->type_name("ENGINE")
      ->required();
  remove->callback([&cli, &removal] { Remove(cli, removal); });
}

}  // namespace

void AddEngines(CLI::App* app, Cli& cli) {
  CLI::App* group = AddCommand(
      app, "engines", "The inference servers that hold models",
      "Alone it lists them, whether each is there, and what it can do: load "
      "and unload on demand, keep models in tiers, show progress of loads, use "
      "by others, and memory. Then what was found and not taken, and why.",
      "warmupctl engines\n"
      "warmupctl engines add http://10.0.0.5:11434");
  group->require_subcommand(0, 1);
  group->callback([&cli, group] {
    if (group->get_subcommands().empty()) List(cli, false);
  });
  CLI::App* list = AddCommand(group, "list", "All engines", "",
                              "warmupctl engines list --ids");
  auto& is_ids_only = cli.Keep<bool>();
  list->add_flag("--ids", is_ids_only, "Only their ids, one a line");
  list->callback([&cli, &is_ids_only] { List(cli, is_ids_only); });
  CLI::App* watch = AddCommand(
      group, "watch", "Follow what changes, from the present state on",
      "With -o json, one WatchEngines response a line: always all engines. "
      "Ctrl-C ends it; --timeout watches for so long.",
      "warmupctl engines watch");
  watch->callback([&cli] { Watch(cli); });
  CLI::App* detect = AddCommand(
      group, "detect", "Look for servers, and at what all offer, now",
      "Without it that happens by itself, each minute at the latest.",
      "warmupctl engines detect");
  detect->callback([&cli] { Detect(cli); });
  AddEdits(group, cli);
}

}  // namespace warmup::cli
