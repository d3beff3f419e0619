#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/event_text.h"
#include "clients/cli/flags.h"
#include "clients/cli/format.h"
#include "warmup/v1/event.grpc.pb.h"

namespace warmup::cli {
namespace {

using Stub = v1::EventService::Stub;

void Publish(Cli& cli, const v1::PublishRequest& request) {
  const auto response = cli.Call(&Stub::Publish, request);
  if (!response) return;
  cli.Print(*response,
            absl::StrCat(EventLine(response->event(), cli.out()), "\n"));
}

void Recent(Cli& cli, const v1::GetRecentEventsRequest& request) {
  const auto response = cli.Call(&Stub::GetRecentEvents, request);
  if (!response) return;
  std::string lines;
  for (const v1::Event& event : response->events()) {
    absl::StrAppend(&lines, EventLine(event, cli.out()), "\n");
  }
  cli.Print(*response, lines);
  if (lines.empty()) cli.Say("no event matches");
}

void Watch(Cli& cli, const v1::SubscribeRequest& request) {
  uint64_t next = 0;
  cli.Watch(
      &Stub::Subscribe, request,
      [&cli, &next](const v1::SubscribeResponse& response) {
        if (response.has_gap()) {
          next = response.gap().next_sequence();
          cli.Warn(absl::StrCat(
              "gap: ",
              Plural(static_cast<double>(response.gap().lost_count()), "event"),
              " lost, it goes on from ", next));
        }
        for (const v1::Event& event : response.events()) {
          next = event.sequence() + 1;
          cli.PrintLine(event, absl::StrCat(EventLine(event, cli.out()), "\n"));
        }
      });
  if (cli.exit_code() != kExitOk && next > 0) {
    cli.Say(absl::StrCat("go on without a hole: warmupctl events watch --from ",
                         next));
  }
}

void AddFilter(CLI::App* command, v1::EventFilter* filter) {
  AddTexts(command, "--type", "TYPE", filter->mutable_event_types(),
           "Only this type; 'model_*' matches by prefix; may be repeated");
  AddTexts(command, "--source", "NAME", filter->mutable_sources(),
           "Only from this source; may be repeated");
}

void AddPublish(CLI::App* group, Cli& cli) {
  CLI::App* command =
      AddCommand(group, "publish", "Add an event of your own",
                 "Returns when it is durable; subscribers have it at once.",
                 "warmupctl events publish build_finished --source ci "
                 "--data '{\"ok\":true}'");
  auto& request = cli.Keep<v1::PublishRequest>();
  v1::Event* event = request.mutable_event();
  event->set_source("warmupctl");
  command->add_option("TYPE", *event->mutable_event_type(), "What happened")
      ->type_name("TYPE")
      ->required();
  command
      ->add_option("--source", *event->mutable_source(),
                   "Who says so (default warmupctl)")
      ->type_name("NAME");
  command
      ->add_option("--data", *event->mutable_data_json(),
                   "One JSON value (default {})")
      ->type_name("JSON");
  command
      ->add_option("--id", *event->mutable_event_id(),
                   "Unique with the source (default: the daemon makes one)")
      ->type_name("ID");
  AddPairs(command, "--metadata", "KEY=VALUE", event->mutable_metadata(),
           "May be repeated");
  command->callback([&cli, &request] { Publish(cli, request); });
}

void AddRecent(CLI::App* group, Cli& cli) {
  CLI::App* command =
      AddCommand(group, "recent", "The newest events, oldest first", "",
                 "warmupctl events recent -n 20 --type 'model_*'");
  auto& request = cli.Keep<v1::GetRecentEventsRequest>();
  AddNumber<int32_t>(
      command, "-n,--count",
      [&request](int32_t count) { request.set_max_count(count); },
      "At most this many, 1 to 1000 (default 100)");
  AddFilter(command, request.mutable_filter());
  command->callback([&cli, &request] { Recent(cli, request); });
}

void AddWatch(CLI::App* group, Cli& cli) {
  CLI::App* command = AddCommand(
      group, "watch", "Follow the events as they come",
      "One event a line; with -o json one JSON object a line. Where this "
      "program was too slow and events were lost, a line on stderr says how "
      "many. Ctrl-C ends it; --timeout watches for so long.",
      "warmupctl events watch --type 'model_*'\n"
      "# all that is kept, then what comes\n"
      "warmupctl events watch --from 0\n"
      "warmupctl events watch -o json | jq -c '[.sequence, .event_type]'");
  auto& request = cli.Keep<v1::SubscribeRequest>();
  AddNumber<uint64_t>(
      command, "--from",
      [&request](uint64_t sequence) { request.set_from_sequence(sequence); },
      "The first sequence wanted; 0: all that is kept (default: what is "
      "new)");
  AddFilter(command, request.mutable_filter());
  command->callback([&cli, &request] { Watch(cli, request); });
}

}  // namespace

void AddEvents(CLI::App* app, Cli& cli) {
  CLI::App* group = AddCommand(
      app, "events", "What happens in the daemon: publish, recent, watch",
      "Every event has a sequence number; numbers go up by one, also over "
      "restarts.",
      "warmupctl events watch\n"
      "warmupctl events recent -n 5");
  group->require_subcommand(1);
  AddPublish(group, cli);
  AddRecent(group, cli);
  AddWatch(group, cli);
}

}  // namespace warmup::cli
