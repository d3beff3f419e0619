#include "server/metrics_exporter.h"

#include <prometheus/text_serializer.h>

#include <memory>
#include <string>

#include "core/base/error.h"
#include "server/event_service.h"
#include "server/rpc_metrics.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_engine.h"
#include "tests/support/fake_engine_finder.h"
#include "tests/support/fake_monitor.h"
#include "tests/support/fake_store.h"
#include "tests/support/promtool.h"

namespace warmup {
namespace {

struct Fixture {
  Fixture() {
    Runtime::Options options;
    options.director.devices["host"] = {.budget_bytes = 100,
                                        .reserve_bytes = 10};
    options.director.engines = {"fake"};
    options.director.policy.predictive_preloading = false;
    runtime = std::make_unique<Runtime>(options,
                                        Runtime::Ports{clock,
                                                       store,
                                                       events,
                                                       {{"fake", &engine}},
                                                       {&monitor},
                                                       {exporter.get()},
                                                       finder,
                                                       store},
                                        StoredState());
    exporter->Attach(*runtime, events, {});
    runtime->Start();
  }
  ~Fixture() { runtime->Stop(); }

  void Register(const ModelId& id, int64_t bytes) {
    ModelSpec spec;
    spec.id = id;
    spec.engine = "fake";
    spec.source = "/" + id;
    spec.size_bytes = bytes;
    runtime->RegisterModel(spec, [](const auto&) {});
    REQUIRE(Eventually([&] { return runtime->GetModel(id).ok(); }));
  }
  absl::Status Load(const ModelId& id) {
    Mutex mutex;
    CondVar answered;
    std::optional<absl::Status> status;
    runtime->LoadModel(id, absl::InfiniteFuture(),
                       [&](const absl::StatusOr<Wake>& wake) {
                         MutexLock lock(mutex);
                         status = wake.status();
                         answered.NotifyAll();
                       });
    MutexLock lock(mutex);
    while (!status.has_value()) answered.Wait(mutex);
    return *status;
  }
  std::string Page() const {
    std::vector<prometheus::MetricFamily> families = registry.Collect();
    for (auto& family : exporter->Collect()) families.push_back(family);
    return prometheus::TextSerializer().Serialize(families);
  }
  // Until the page holds `line`: what the status says is a second old at most.
  bool PageComesToHold(const std::string& line) const {
    return Eventually(
        [&] { return Page().find("\n" + line + "\n") != std::string::npos; });
  }

  SystemClock clock;
  FakeStore store;
  FakeEngine engine{/*is_instant=*/true};
  FakeEngineFinder finder;
  FakeMonitor monitor{{HostOf(2000, 1500)}};
  EventLog events{{.max_events = 100,
                   .max_bytes = 1 << 20,
                   .next_sequence = 1,
                   .id_prefix = "e-"},
                  EncodeEvent};
  prometheus::Registry registry;
  RpcMetrics rpcs{registry};
  std::shared_ptr<MetricsExporter> exporter =
      std::make_shared<MetricsExporter>(registry, "1.2.3");
  std::unique_ptr<Runtime> runtime;
};

TEST_CASE("MetricsExporter: says nothing of what it was not attached to") {
  prometheus::Registry registry;
  const MetricsExporter exporter(registry, "1.2.3");
  CHECK(exporter.Collect().empty());
  CHECK_FALSE(registry.Collect().empty());
}

TEST_CASE("MetricsExporter: every series is there from the start") {
  const Fixture fixture;
  const std::string page = fixture.Page();
  for (const char* line :
       {"warmup_build_info{version=\"1.2.3\"} 1",
        "warmup_loads_total{kind=\"speculative\",outcome=\"failed\"} 0",
        "warmup_demands_total{served_as=\"warm\"} 0",
        "warmup_demand_wait_seconds_count{served_as=\"late\"} 0",
        "warmup_load_duration_seconds_count{kind=\"demand\"} 0",
        "warmup_load_read_bytes_total 0",
        "warmup_evictions_total 0",
        "warmup_wasted_bytes_total 0",
        "warmup_forecast_cases_total{horizon=\"5min\"} 0",
        "warmup_forecast_uses_total{situation=\"all\"} 0",
        "warmup_forecast_top1_hits_total{situation=\"switch\"} 0",
        "warmup_forecast_top3_hits_total{situation=\"after_idle\"} 0",
        "warmup_guesses_total{outcome=\"in_time\"} 0",
        "warmup_guesses_total{outcome=\"late\"} 0",
        "warmup_guesses_total{outcome=\"unused\"} 0",
        "warmup_missed_total 0",
        "warmup_idle_uses_total 0",
        "warmup_lead_seconds_count 0",
        "warmup_predictions_total 0",
        "warmup_usages_total 0",
        "warmup_usages_seen_total 0",
        "warmup_waited_seconds_total 0",
        "warmup_shadow_waited_seconds_total{shadow=\"lru\"} 0",
        "warmup_shadow_waited_seconds_total{shadow=\"ollama_default\"} 0",
        "warmup_engine_models{engine=\"fake\"} 0",
        "warmup_engine_ready_models{engine=\"fake\"} 0",
        "warmup_engine_looks_total{engine=\"fake\",outcome=\"failed\"} 0",
        "warmup_engine_loads_failed_total{engine=\"fake\"} 0",
        "warmup_activities_total 0",
        "warmup_models 0",
        "warmup_ready_models 0",
        "warmup_loading_models 0",
        "warmup_sessions 0",
        "warmup_waiters 0",
        "warmup_predictive_preloading 0",
        "warmup_config_last_reload_successful 1",
        "warmup_store_healthy 1",
        "warmup_events_total 0",
        "warmup_device_budget_bytes{device=\"host\"} 100",
        "warmup_device_used_bytes{device=\"host\"} 0",
        "warmup_device_reserve_bytes{device=\"host\"} 10"}) {
    CHECK_THAT(page, Catch::Contains(std::string("\n") + line + "\n"));
  }
}

TEST_CASE("MetricsExporter: counts loads and demands, shows each model") {
  Fixture fixture;
  fixture.Register("a", 60);
  fixture.Register("b", 60);
  CHECK(fixture.Load("a").ok());
  CHECK(fixture.Load("a").ok());
  CHECK(fixture.Load("b").ok());
  fixture.engine.Fail("a", absl::NotFoundError("gone"));
  CHECK_FALSE(fixture.Load("a").ok());
  for (const char* line :
       {"warmup_loads_total{kind=\"demand\",outcome=\"ready\"} 2",
        "warmup_loads_total{kind=\"demand\",outcome=\"failed\"} 1",
        "warmup_demands_total{served_as=\"warm\"} 1",
        "warmup_demands_total{served_as=\"cold\"} 2",
        "warmup_demands_total{served_as=\"failed\"} 1",
        "warmup_demand_wait_seconds_count{served_as=\"cold\"} 2",
        "warmup_load_duration_seconds_count{kind=\"demand\"} 2",
        "warmup_load_read_bytes_total 120", "warmup_models 2",
        "warmup_ready_models 0", "warmup_evictions_total 2",
        "warmup_model_ready{model=\"b\"} 0",
        "warmup_model_held_bytes{model=\"b\"} 0",
        "warmup_device_memory_bytes{device=\"host\"} 2000",
        "warmup_device_free_bytes{device=\"host\"} 1500"}) {
    INFO(line);
    CHECK(fixture.PageComesToHold(line));
  }
}

TEST_CASE("MetricsExporter: shows each engine, and what it was asked") {
  Fixture fixture;
  fixture.Register("a", 60);
  CHECK(fixture.Load("a").ok());
  CHECK(fixture.PageComesToHold(
      "warmup_engine_available{engine=\"fake\",kind=\"fake\"} 1"));
  CHECK(fixture.PageComesToHold("warmup_engine_models{engine=\"fake\"} 1"));
  CHECK(
      fixture.PageComesToHold("warmup_engine_ready_models{engine=\"fake\"} 1"));
  CHECK_THAT(fixture.Page(),
             !Catch::Contains("warmup_engine_look_seconds_count{engine=\"fake"
                              "\"} 0\n"));
  fixture.engine.Fail("a", absl::InternalError("broken"));
  fixture.engine.SetHealth(absl::UnavailableError("gone"));
  CHECK(fixture.PageComesToHold(
      "warmup_engine_available{engine=\"fake\",kind=\"fake\"} 0"));
  CHECK_THAT(fixture.Page(),
             !Catch::Contains("warmup_engine_looks_total{engine=\"fake\","
                              "outcome=\"failed\"} 0\n"));
  CHECK_FALSE(fixture.Load("a").ok());
  CHECK(fixture.PageComesToHold(
      "warmup_engine_loads_failed_total{engine=\"fake\"} 1"));
}

TEST_CASE("MetricsExporter: scores are there once forecasts came out") {
  Fixture fixture;
  fixture.Register("a", 60);
  CHECK_THAT(fixture.Page(), !Catch::Contains("warmup_forecast_brier_score"));
  for (int i = 0; i < 3; ++i) {
    REQUIRE(fixture.runtime->RecordUsage({{.id = "", .model = "a"}}).ok());
  }
  CHECK(fixture.PageComesToHold(
      "warmup_forecast_uses_total{situation=\"all\"} 3"));
  CHECK(fixture.PageComesToHold("warmup_missed_total 1"));
  CHECK_THAT(
      fixture.Page(),
      Catch::Contains("\nwarmup_forecast_brier_score{horizon=\"next\"} ") &&
          Catch::Contains("\nwarmup_forecast_log_loss{horizon=\"next\"} ") &&
          Catch::Contains(
              "\nwarmup_forecast_calibration_error{horizon=\"next\"} ") &&
          // Nobody knows of five minutes yet.
          !Catch::Contains("warmup_forecast_brier_score{horizon=\"5min\"}"));
}

TEST_CASE("MetricsExporter: a removed model's series go") {
  Fixture fixture;
  fixture.Register("a", 60);
  CHECK(fixture.PageComesToHold("warmup_model_ready{model=\"a\"} 0"));
  fixture.runtime->RemoveModel("a", [](const auto&) {});
  CHECK_THAT(fixture.Page(), !Catch::Contains("model=\"a\""));
}

TEST_CASE("MetricsExporter: a store that fails and a bad reload are seen") {
  Fixture fixture;
  fixture.store.FailWith(absl::ResourceExhaustedError("full"));
  fixture.Register("a", 1);
  CHECK(fixture.PageComesToHold("warmup_store_healthy 0"));
  fixture.store.FailWith(absl::OkStatus());
  CHECK(fixture.PageComesToHold("warmup_store_healthy 1"));
  fixture.exporter->ConfigReloaded(false);
  CHECK(fixture.PageComesToHold("warmup_config_last_reload_successful 0"));
  fixture.exporter->ConfigReloaded(true);
  CHECK(fixture.PageComesToHold("warmup_config_last_reload_successful 1"));
}

TEST_CASE("RpcMetrics: counts by code, limits by their name") {
  prometheus::Registry registry;
  RpcMetrics metrics(registry);
  RpcMetrics::Method* method = metrics.Add("w.S", "M", "unary");
  RpcMetrics::Method* stream = metrics.Add("w.S", "Watch", "server_stream");
  const auto now = RpcMetrics::Clock::now();
  method->Started();
  method->Handled(absl::OkStatus(), now);
  method->Handled(absl::NotFoundError(""), now);
  method->Handled(MakeError(absl::StatusCode::kResourceExhausted, "TOO_MANY",
                            "too many", {{"limit", "kMaxSessions"}}),
                  now);
  method->Handled(absl::ResourceExhaustedError("no limit of ours"), now);
  stream->Started();
  stream->Handled(absl::CancelledError(""), now);
  const std::string page =
      prometheus::TextSerializer().Serialize(registry.Collect());
  const std::string labels =
      "grpc_method=\"M\",grpc_service=\"w.S\",grpc_type=\"unary\"";
  for (const std::string& line :
       {"grpc_server_started_total{" + labels + "} 1",
        "grpc_server_handled_total{grpc_code=\"OK\"," + labels + "} 1",
        "grpc_server_handled_total{grpc_code=\"NotFound\"," + labels + "} 1",
        "grpc_server_handled_total{grpc_code=\"ResourceExhausted\"," + labels +
            "} 2",
        "grpc_server_handling_seconds_count{" + labels + "} 4",
        std::string("warmup_limit_reached_total{limit=\"kMaxSessions\"} 1")}) {
    CHECK_THAT(page, Catch::Contains(line + "\n"));
  }
  CHECK_THAT(page, Catch::Contains("grpc_code=\"Canceled\",grpc_method="
                                   "\"Watch\""));
  // Streams last as long as they please: they have no histogram.
  CHECK_THAT(page,
             !Catch::Contains("handling_seconds_count{grpc_method=\"Watch\""));
}

TEST_CASE("MetricsExporter: promtool has nothing to complain of",
          "[.promtool]") {
  if (!HasPromtool()) return;
  Fixture fixture;
  fixture.rpcs.Add("w.S", "M", "unary")
      ->Handled(MakeError(absl::StatusCode::kResourceExhausted, "TOO_MANY", "",
                          {{"limit", "kMaxSessions"}}),
                RpcMetrics::Clock::now());
  fixture.Register("org/odd-name:1b\\\"x\"", 60);
  CHECK(fixture.Load("org/odd-name:1b\\\"x\"").ok());
  CHECK(PromtoolComplaints(fixture.Page()).empty());
  // It would complain.
  CHECK_FALSE(PromtoolComplaints("warmup_bad_ms 1\n").empty());
}

TEST_CASE("MetricsExporter: of a device what it tells, and nothing else") {
  Fixture fixture;
  DeviceSample gpu;
  gpu.id = "gpu0";
  gpu.memory = {.total_bytes = 4000, .free_bytes = 1000};
  gpu.problem = "it was lost";
  gpu.busy = 0.25;
  gpu.link = {.generation = 5,
              .width = 16,
              .received_bytes_per_second = 70,
              .sent_bytes_per_second = {}};
  gpu.faults = 3;
  DeviceSample host = HostOf(2000, 1500);
  host.cores = 1.5;
  host.pressure = {.cpu = 0.125, .memory = 0.25, .io = 0.5};
  fixture.monitor.Show({{host, gpu}});
  REQUIRE(
      fixture.PageComesToHold("warmup_device_available{device=\"gpu0\"} 0"));
  const std::string page = fixture.Page();
  for (const char* line :
       {"warmup_device_available{device=\"host\"} 1",
        "warmup_device_budget_bytes{device=\"host\"} 100",
        "warmup_device_memory_bytes{device=\"gpu0\"} 4000",
        "warmup_device_free_bytes{device=\"gpu0\"} 1000",
        "warmup_device_busy_ratio{device=\"gpu0\"} 0.25",
        "warmup_device_received_bytes_per_second{device=\"gpu0\"} 70",
        "warmup_device_faults_total{device=\"gpu0\"} 3",
        "warmup_device_cores{device=\"host\"} 1.5",
        "warmup_device_cpu_pressure_ratio{device=\"host\"} 0.125",
        "warmup_device_memory_pressure_ratio{device=\"host\"} 0.25",
        "warmup_device_io_pressure_ratio{device=\"host\"} 0.5"}) {
    CHECK_THAT(page, Catch::Contains("\n" + std::string(line) + "\n"));
  }
  for (const char* absent : {"warmup_device_budget_bytes{device=\"gpu0\"}",
                             "warmup_device_sent_bytes_per_second{",
                             "warmup_device_busy_ratio{device=\"host\"}"}) {
    CHECK_THAT(page, !Catch::Contains(absent));
  }
}

}  // namespace
}  // namespace warmup
