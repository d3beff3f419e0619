// `pin`, `unpin` and `lease`: what keeps a model in memory.
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "clients/cli/commands.h"
#include "clients/cli/flags.h"
#include "clients/cli/format.h"
#include "warmup/v1/model.grpc.pb.h"

namespace warmup::cli {
namespace {

using Stub = v1::ModelService::Stub;

void Pin(Cli& cli, const v1::PinModelRequest& request) {
  const auto response = cli.Call(&Stub::PinModel, request);
  if (!response) return;
  const v1::Model& model = response->model();
  cli.Print(*response,
            absl::StrCat(Printable(model.spec().model_id()),
                         model.spec().is_pinned() ? " is pinned\n"
                                                  : " is not pinned\n"));
}

void AddPinCommand(CLI::App* app, Cli& cli, const std::string& name,
                   bool is_pinned, const std::string& summary,
                   const std::string& details) {
  CLI::App* command =
      AddCommand(app, name, summary, details,
                 absl::StrCat("warmupctl ", name, " llama3.1:8b"));
  auto& request = cli.Keep<v1::PinModelRequest>();
  request.set_is_pinned(is_pinned);
  command->add_option("MODEL", *request.mutable_model_id(), "The model")
      ->type_name("MODEL")
      ->required();
  command->callback([&cli, &request] { Pin(cli, request); });
}

std::string Ends(const v1::Lease& lease) {
  return absl::StrCat("holds ", Printable(lease.model_id()), ", ends ",
                      HumanAge(FromProto(lease.expire_time()), absl::Now()));
}

// How long a lease is to hold, from now on.
template <class Request>
void AddHoldTime(CLI::App* command, Request& request) {
  *request.mutable_duration() = ToProto(absl::Minutes(5));
  AddDuration(
      command, "--duration",
      [&request](absl::Duration duration) {
        *request.mutable_duration() = ToProto(duration);
      },
      "How long, 1ms to 24h (default 5m)");
}

void AddAcquire(CLI::App* group, Cli& cli) {
  CLI::App* command =
      AddCommand(group, "acquire", "Hold a model and print the lease's id", "",
                 "lease=$(warmupctl lease acquire llama3.1:8b --duration 10m)\n"
                 "warmupctl lease release \"$lease\"");
  auto& request = cli.Keep<v1::AcquireLeaseRequest>();
  command->add_option("MODEL", *request.mutable_model_id(), "The model")
      ->type_name("MODEL")
      ->required();
  AddHoldTime(command, request);
  command->callback([&cli, &request] {
    const auto response = cli.Call(&Stub::AcquireLease, request);
    if (!response) return;
    cli.Print(*response, absl::StrCat(response->lease().lease_id(), "\n"));
    cli.Say(Ends(response->lease()));
  });
}

void AddRenew(CLI::App* group, Cli& cli) {
  CLI::App* command =
      AddCommand(group, "renew", "Set a lease's end anew, from now on", "",
                 "warmupctl lease renew \"$lease\" --duration 10m");
  auto& request = cli.Keep<v1::RenewLeaseRequest>();
  command->add_option("LEASE", *request.mutable_lease_id(), "The lease")
      ->type_name("ID")
      ->required();
  AddHoldTime(command, request);
  command->callback([&cli, &request] {
    const auto response = cli.Call(&Stub::RenewLease, request);
    if (!response) return;
    const v1::Lease& lease = response->lease();
    cli.Print(*response, absl::StrCat(Printable(lease.lease_id()), " ",
                                      Ends(lease), "\n"));
  });
}

void AddRelease(CLI::App* group, Cli& cli) {
  CLI::App* command = AddCommand(group, "release", "End a lease", "",
                                 "warmupctl lease release \"$lease\"");
  auto& request = cli.Keep<v1::ReleaseLeaseRequest>();
  command->add_option("LEASE", *request.mutable_lease_id(), "The lease")
      ->type_name("ID")
      ->required();
  command->callback([&cli, &request] {
    const auto response = cli.Call(&Stub::ReleaseLease, request);
    if (!response) return;
    cli.Print(*response, "");
    cli.Say(absl::StrCat(Printable(request.lease_id()), " is released"));
  });
}

}  // namespace

void AddPin(CLI::App* app, Cli& cli) {
  AddPinCommand(app, cli, "pin", true, "Never evict a model",
                "Pinning does not load it. It holds over restarts.");
  AddPinCommand(app, cli, "unpin", false, "Let a model be evicted again", "");
}

void AddLease(CLI::App* app, Cli& cli) {
  CLI::App* group = AddCommand(
      app, "lease", "Hold a model for a while",
      "A leased model is not evicted until the lease is released or its time "
      "is over. A model may have many leases. Leasing does not load it.",
      "lease=$(warmupctl lease acquire llama3.1:8b --duration 10m)");
  group->require_subcommand(1);
  AddAcquire(group, cli);
  AddRenew(group, cli);
  AddRelease(group, cli);
}

}  // namespace warmup::cli
