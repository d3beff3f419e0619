#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "clients/cli/commands.h"
#include "clients/cli/flags.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace warmup::cli {
namespace {

namespace health = grpc::health::v1;

std::string StatusText(const health::HealthCheckResponse& response,
                       const Style& style) {
  const std::string name =
      health::HealthCheckResponse::ServingStatus_Name(response.status());
  const bool is_serving =
      response.status() == health::HealthCheckResponse::SERVING;
  return absl::StrCat(is_serving ? style.Green(name) : style.Red(name), "\n");
}

void Check(Cli& cli, const health::HealthCheckRequest& request) {
  const auto response = cli.Call(&health::Health::Stub::Check, request);
  if (!response) return;
  cli.Print(*response, StatusText(*response, cli.out()));
  if (response->status() != health::HealthCheckResponse::SERVING) {
    cli.set_exit_code(kExitUnhealthy);
  }
}

void Watch(Cli& cli, const health::HealthCheckRequest& request) {
  cli.Watch(
      &health::Health::Stub::Watch, request,
      [&cli](const health::HealthCheckResponse& response) {
        cli.PrintLine(
            response,
            absl::StrCat(cli.out().Dim(absl::FormatTime(
                             "%H:%M:%E3S", absl::Now(), absl::LocalTimeZone())),
                         "  ", StatusText(response, cli.out())));
      });
}

}  // namespace

void AddHealth(CLI::App* app, Cli& cli) {
  CLI::App* command = AddCommand(
      app, "health", "Whether the daemon serves: exit code 0 only if it does",
      "Asks the standard health service (grpc.health.v1). Exit code 9: it "
      "does not serve; 3: no daemon answers; 4: no such service. With --watch "
      "it prints each change until Ctrl-C.",
      "warmupctl health && echo up\n"
      "warmupctl health warmup.v1.ModelService\n"
      "warmupctl health --watch");
  auto& request = cli.Keep<health::HealthCheckRequest>();
  auto& is_watch = cli.Keep<bool>();
  command
      ->add_option("SERVICE", *request.mutable_service(),
                   "Full name of one service (default: the daemon as a whole)")
      ->type_name("NAME");
  command->add_flag("--watch", is_watch, "Follow its changes");
  command->callback([&cli, &request, &is_watch] {
    is_watch ? Watch(cli, request) : Check(cli, request);
  });
}

}  // namespace warmup::cli
