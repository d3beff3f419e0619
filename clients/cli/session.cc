#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "clients/cli/commands.h"
#include "clients/cli/flags.h"
#include "clients/cli/format.h"
#include "warmup/v1/warmup.grpc.pb.h"

namespace warmup::cli {
namespace {

using Stub = v1::WarmupService::Stub;

// In order, so that two calls print the same.
std::string RolesText(const v1::WarmupSession& session) {
  const std::map<std::string, std::string> roles(session.roles().begin(),
                                                 session.roles().end());
  return Printable(absl::StrJoin(roles, " ", absl::PairFormatter("=")));
}

std::string OrDash(const std::string& text) {
  return text.empty() ? "-" : Printable(text);
}

std::string SessionsText(const v1::ListWarmupSessionsResponse& response,
                         const Style& style) {
  if (response.sessions().empty()) return "no session is alive\n";
  const absl::Time now = absl::Now();
  Table table({{"SESSION"},
               {"USER"},
               {"CLIENT"},
               {"WORKSPACE"},
               {"LANGUAGE"},
               {"STARTED"},
               {"EXPIRES"},
               {"ROLES"}});
  for (const v1::WarmupSession& session : response.sessions()) {
    table.Add({style.Bold(Printable(session.session_id())),
               OrDash(session.user_id()), OrDash(session.client()),
               OrDash(session.workspace()), OrDash(session.language()),
               HumanAge(FromProto(session.start_time()), now),
               HumanAge(FromProto(session.expire_time()), now),
               RolesText(session)});
  }
  return table.Render(style);
}

void SayIfNotDurable(const Cli& cli, bool is_durable) {
  if (is_durable) return;
  cli.Warn(
      "the daemon's store cannot write now: this would not survive a restart");
}

void Start(Cli& cli, const v1::StartWarmupSessionRequest& request) {
  const auto response = cli.Call(&Stub::StartWarmupSession, request);
  if (!response) return;
  const v1::WarmupSession& session = response->session();
  // The id alone on stdout: id=$(warmupctl session start ...)
  cli.Print(*response, absl::StrCat(session.session_id(), "\n"));
  SayIfNotDurable(cli, response->is_durable());
  cli.Say(absl::StrCat(
      "alive for ", HumanDuration(FromProto(session.lease())),
      " from each sign of life on; renew it with `warmupctl session keepalive ",
      Printable(session.session_id()), "`"));
}

void KeepAlive(Cli& cli, v1::KeepAliveWarmupSessionRequest& request) {
  const auto response = cli.Call(&Stub::KeepAliveWarmupSession, request);
  if (!response) return;
  v1::ListWarmupSessionsResponse one;
  *one.add_sessions() = response->session();
  cli.Print(*response, SessionsText(one, cli.out()));
  SayIfNotDurable(cli, response->is_durable());
}

void Stop(Cli& cli, const v1::StopWarmupSessionRequest& request) {
  const auto response = cli.Call(&Stub::StopWarmupSession, request);
  if (!response) return;
  const absl::Duration lived =
      absl::Now() - FromProto(response->session().start_time());
  cli.Print(*response,
            absl::StrCat(
                Printable(response->session().session_id()), " stopped after ",
                HumanDuration(std::max(lived, absl::ZeroDuration())), "\n"));
  SayIfNotDurable(cli, response->is_durable());
}

void List(Cli& cli) {
  v1::ListWarmupSessionsResponse all;
  v1::ListWarmupSessionsRequest request;
  request.set_page_size(1000);
  do {
    const auto page = cli.Call(&Stub::ListWarmupSessions, request);
    if (!page) return;
    all.mutable_sessions()->MergeFrom(page->sessions());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  cli.Print(all, SessionsText(all, cli.out()));
}

void AddStart(CLI::App* group, Cli& cli) {
  CLI::App* command = AddCommand(
      group, "start", "Open a session and print its id",
      "Roles say which model is used for what; those models are candidates "
      "at once. Roles named like a task (chat, completion, embedding ...) are "
      "found by `predict --task`.",
      "warmupctl session start --role chat=llama3.1:8b "
      "--role completion=qwen2.5-coder:1.5b\n"
      "id=$(warmupctl session start --user ann --lease 10m)");
  auto& request = cli.Keep<v1::StartWarmupSessionRequest>();
  v1::WarmupSession* session = request.mutable_session();
  const auto add = [command](const std::string& name, std::string* text,
                             const std::string& help) {
    command->add_option(name, *text, help)->type_name("NAME");
  };
  add("--id", session->mutable_session_id(),
      "Its id (default: the daemon makes one)");
  add("--user", session->mutable_user_id(), "An opaque name of the user");
  add("--client", session->mutable_client(),
      "What opens it, such as \"vscode 1.95\" (default warmupctl)");
  session->set_client("warmupctl");
  add("--workspace", session->mutable_workspace(),
      "An opaque name of what is open, never a path");
  add("--language", session->mutable_language(), "Of the project");
  AddPairs(command, "--role", "ROLE=MODEL", session->mutable_roles(),
           "Which model is used for what; may be repeated");
  AddDuration(
      command, "--lease",
      [session](absl::Duration lease) {
        *session->mutable_lease() = ToProto(lease);
      },
      "How long it lives without a sign of life, 1s to 24h (default 1m)");
  command->callback([&cli, &request] { Start(cli, request); });
}

void AddKeepAlive(CLI::App* group, Cli& cli) {
  CLI::App* command = AddCommand(
      group, "keepalive", "Renew a session's lease",
      "Do it at a third of the lease. With --role, the given roles replace "
      "all that the session had.",
      "warmupctl session keepalive ide-1\n"
      "warmupctl session keepalive ide-1 --role chat=llama3.1:8b");
  auto& request = cli.Keep<v1::KeepAliveWarmupSessionRequest>();
  auto& roles = cli.Keep<v1::RoleBindings>();
  command
      ->add_option("SESSION", *request.mutable_session_id(),
                   "The session to renew")
      ->type_name("ID")
      ->required();
  AddPairs(command, "--role", "ROLE=MODEL", roles.mutable_roles(),
           "Which model is used for what; may be repeated");
  command->callback([&cli, &request, &roles] {
    if (!roles.roles().empty()) *request.mutable_role_bindings() = roles;
    KeepAlive(cli, request);
  });
}

}  // namespace

void AddSession(CLI::App* app, Cli& cli) {
  CLI::App* group =
      AddCommand(app, "session", "Open, renew, end and list sessions",
                 "A session is one window's connected period. The models "
                 "that it binds to roles are the strongest sign of what is "
                 "used next.",
                 "warmupctl session start --role chat=llama3.1:8b\n"
                 "warmupctl session list");
  group->require_subcommand(1);
  AddStart(group, cli);
  AddKeepAlive(group, cli);

  CLI::App* stop = AddCommand(group, "stop", "End a session", "",
                              "warmupctl session stop ide-1");
  auto& stop_request = cli.Keep<v1::StopWarmupSessionRequest>();
  stop->add_option("SESSION", *stop_request.mutable_session_id(),
                   "The session to end")
      ->type_name("ID")
      ->required();
  stop->callback([&cli, &stop_request] { Stop(cli, stop_request); });

  CLI::App* list = AddCommand(group, "list", "The sessions that are alive", "",
                              "warmupctl session list -o json");
  list->callback([&cli] { List(cli); });
}

}  // namespace warmup::cli
