// What operators and their tools see of a real daemon: health, reflection, the
// metrics page.

#include <string>
#include <vector>

#include "tests/integration/scrape.h"
#include "tests/integration/served_daemon.h"
#include "tests/support/promtool.h"

namespace warmup {
namespace {

using grpc::health::v1::HealthCheckResponse;

const std::vector<std::string> kServices = {
    "grpc.health.v1.Health",   "grpc.reflection.v1alpha.ServerReflection",
    "warmup.v1.DeviceService", "warmup.v1.EngineService",
    "warmup.v1.EventService",  "warmup.v1.ModelService",
    "warmup.v1.WarmupService"};

TEST_CASE("Health: answers for the whole and for every service") {
  ServedDaemon served;
  std::vector<std::string> services = kServices;
  services.push_back("");
  for (const std::string& service : services) {
    INFO(service);
    const std::string request = "service: '" + service + "'";
    CHECK(served.client.Ask(&Health::Check, request).Must().status() ==
          HealthCheckResponse::SERVING);
    auto watch = served.client.Open(&Health::Watch, request);
    CHECK(watch.Next()->status() == HealthCheckResponse::SERVING);
  }
  CheckError(
      served.client.Ask(&Health::Check, "service: 'warmup.v1.None'").status,
      grpc::StatusCode::NOT_FOUND, "SERVICE_NOT_FOUND",
      {{"service", "warmup.v1.None"}});
  auto unknown =
      served.client.Open(&Health::Watch, "service: 'warmup.v1.None'");
  CHECK(unknown.Next()->status() == HealthCheckResponse::SERVICE_UNKNOWN);
}

TEST_CASE("Reflection: lists all services, and describes each") {
  ServedDaemon served;
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
  const auto stream =
      served.client.stub<Reflection>().ServerReflectionInfo(&context);
  const auto ask =
      [&](const grpc::reflection::v1alpha::ServerReflectionRequest& request) {
        grpc::reflection::v1alpha::ServerReflectionResponse response;
        REQUIRE(stream->Write(request));
        REQUIRE(stream->Read(&response));
        return response;
      };
  grpc::reflection::v1alpha::ServerReflectionRequest request;
  request.set_list_services("");
  std::vector<std::string> listed;
  const auto answer = ask(request);
  for (const auto& service : answer.list_services_response().service()) {
    listed.push_back(service.name());
  }
  CHECK(listed == kServices);
  for (const std::string& service : kServices) {
    INFO(service);
    request.set_file_containing_symbol(service);
    CHECK(ask(request).file_descriptor_response().file_descriptor_proto_size() >
          0);
  }
  stream->WritesDone();
  CHECK(stream->Finish().ok());
}

// A daemon with a metrics page, after some traffic.
struct ScrapedDaemon : ServedDaemon {
  ScrapedDaemon() : ServedDaemon({"metrics.address=127.0.0.1:0"}) {
    port = MetricsPort(daemon);
    Register("org/some-model:1b");
    Load("org/some-model:1b").Must();
    Load("org/some-model:1b").Must();
    CHECK_FALSE(Load("nobody").ok());
    client.Ask(&Warmup::GetWarmupPrediction).Must();
    client.Ask(&Warmup::StartWarmupSession).Must();
    client.Ask(&Events::Publish, "event { event_type: 't' source: 's' }")
        .Must();
  }

  int port = 0;
};

TEST_CASE("Metrics: the page tells what was done") {
  ScrapedDaemon served;
  const auto labels = [](const std::string& service, const std::string& method,
                         const std::string& type) {
    return "grpc_method=\"" + method + "\",grpc_service=\"" + service +
           "\",grpc_type=\"" + type + "\"";
  };
  const std::string load =
      labels("warmup.v1.ModelService", "LoadModel", "unary");
  for (const std::string& line :
       {"grpc_server_started_total{" + load + "} 3",
        "grpc_server_handled_total{grpc_code=\"OK\"," + load + "} 2",
        "grpc_server_handled_total{grpc_code=\"NotFound\"," + load + "} 1",
        "grpc_server_handling_seconds_count{" + load + "} 3",
        "grpc_server_started_total{" +
            labels("warmup.v1.EventService", "Subscribe", "server_stream") +
            "} 0",
        std::string("warmup_demands_total{served_as=\"warm\"} 1"),
        std::string("warmup_demands_total{served_as=\"cold\"} 1"),
        std::string("warmup_loads_total{kind=\"demand\",outcome=\"ready\"} 1"),
        std::string("warmup_model_ready{model=\"org/some-model:1b\"} 1"),
        std::string("warmup_predictions_total 1"),
        std::string("warmup_usages_seen_total 0"),
        std::string("warmup_engine_available{engine=\"files\",kind=\"files\"} "
                    "1"),
        std::string("warmup_engine_models{engine=\"files\"} 1"),
        std::string("warmup_engine_ready_models{engine=\"files\"} 1"),
        std::string("warmup_engine_loads_failed_total{engine=\"files\"} 0"),
        std::string("warmup_sessions 1"), std::string("warmup_store_healthy 1"),
        std::string("warmup_device_budget_bytes{device=\"host\"} 1048576000"),
        std::string("warmup_config_last_reload_successful 1")}) {
    INFO(line);
    CHECK(PageComesToHold(served.port, line));
  }
  // Nobody is named, only models.
  CHECK_THAT(Scrape(served.port), !Catch::Contains("session_id"));
}

TEST_CASE("Metrics: promtool has nothing to complain of", "[.promtool]") {
  if (!HasPromtool()) return;
  ScrapedDaemon served;
  const std::string page = Scrape(served.port);
  CHECK_FALSE(page.empty());
  CHECK(PromtoolComplaints(page).empty());
}

}  // namespace
}  // namespace warmup
