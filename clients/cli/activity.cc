#include <google/protobuf/util/json_util.h>

#include <iostream>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/flags.h"
#include "clients/cli/format.h"
#include "warmup/v1/warmup.grpc.pb.h"

namespace warmup::cli {
namespace {

using Stub = v1::WarmupService::Stub;

void ReportOne(Cli& cli, const v1::Activity& activity) {
  v1::ReportActivityRequest request;
  *request.add_activities() = activity;
  const auto response = cli.Call(&Stub::ReportActivity, request);
  if (!response) return;
  cli.Print(*response, "");
  cli.Say("activity taken");
}

// Reads lines until the end, a line that is no activity, or the stream's end.
// Returns what is wrong with a line, or nothing.
std::string SendLines(grpc::ClientWriter<v1::StreamActivityRequest>* writer) {
  google::protobuf::util::JsonParseOptions options;
  std::string line;
  for (int number = 1; std::getline(std::cin, line); ++number) {
    if (absl::StripAsciiWhitespace(line).empty()) continue;
    v1::StreamActivityRequest request;
    const auto parsed = google::protobuf::util::JsonStringToMessage(
        line, request.mutable_activity(), options);
    if (!parsed.ok()) {
      return absl::StrCat("stdin, line ", number, ": ",
                          Printable(parsed.message().ToString()));
    }
    if (!writer->Write(request)) break;  // Finish() says why
  }
  return "";
}

void ReportStdin(Cli& cli) {
  grpc::ClientContext context;
  cli.SetDeadline(&context, absl::InfiniteDuration());
  Stub stub(cli.channel());
  v1::StreamActivityResponse response;
  const auto writer = stub.StreamActivity(&context, &response);
  const std::string bad_line = SendLines(writer.get());
  writer->WritesDone();
  if (!cli.Check(writer->Finish())) return;
  if (!bad_line.empty()) {
    cli.Fail(kExitRefused, bad_line,
             absl::StrCat(
                 R"(a line is an activity, such as {"kind":"typing"}; taken )",
                 "before it: ", response.accepted_count()));
    return;
  }
  cli.Print(response, "");
  cli.Say(
      absl::StrCat(Plural(response.accepted_count(), "activity"), " taken"));
}

}  // namespace

void AddActivity(CLI::App* app, Cli& cli) {
  CLI::App* command = AddCommand(
      app, "activity", "Say what is happening: typing, chat_panel_opened ...",
      "An activity is a kind and a time, never text. It may announce a role "
      "that the session binds, or a model: announced models are candidates "
      "at once.\n\n"
      "With --stdin each line of the standard input is one activity as a JSON "
      "object with the fields kind, session_id, user_id, role, model_id and "
      "timestamp; they go through one stream, as they come.",
      "warmupctl activity typing --session ide-1\n"
      "warmupctl activity chat_panel_opened --session ide-1 --role chat\n"
      "my-editor-plugin | warmupctl activity --stdin");
  auto& activity = cli.Keep<v1::Activity>();
  auto& is_stdin = cli.Keep<bool>();
  CLI::Option* kind =
      command
          ->add_option("KIND", *activity.mutable_kind(),
                       "A word: typing, file_opened, build_failed ...")
          ->type_name("WORD");
  command
      ->add_option("--session", *activity.mutable_session_id(),
                   "The session it happens in")
      ->type_name("ID");
  command
      ->add_option("--role", *activity.mutable_role(),
                   "Announces the model that the session binds to this role")
      ->type_name("ROLE");
  command
      ->add_option("--model", *activity.mutable_model_id(),
                   "Announces this model")
      ->type_name("MODEL");
  command
      ->add_option("--user", *activity.mutable_user_id(),
                   "Who, if not the session's user")
      ->type_name("NAME");
  command->add_flag("--stdin", is_stdin,
                    "Read activities from the standard input, a JSON object "
                    "a line");
  command->callback([&cli, &activity, &is_stdin, kind] {
    if (is_stdin && kind->count() > 0) {
      throw CLI::ExcludesError("KIND", "--stdin");
    }
    if (!is_stdin && kind->count() == 0) throw CLI::RequiredError("KIND");
    is_stdin ? ReportStdin(cli) : ReportOne(cli, activity);
  });
}

}  // namespace warmup::cli
