// warmupd: reads its configuration, wires the concrete parts together, and
// waits for signals.

#include <prometheus/exposer.h>
#include <pthread.h>
#include <signal.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "adapters/host/amd_monitor.h"
#include "adapters/host/host_monitor.h"
#include "adapters/store/sqlite_store.h"
#include "adapters/store/sqlite_use_log.h"
#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/base/status_macros.h"
#include "core/events/event_log.h"
#include "core/runtime/runtime.h"
#include "gpu/nvml_monitor.h"
#include "server/config.h"
#include "server/engines.h"
#include "server/event_service.h"
#include "server/grpc_server.h"
#include "server/log.h"
#include "server/metrics_exporter.h"
#include "server/rpc_metrics.h"
#include "server/yaml_message.h"

namespace warmup {
namespace {

constexpr char kVersion[] = WARMUP_VERSION;
constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

struct CommandLine {
  std::string config_file;
  std::vector<std::string> sets;
  bool no_detect = false;
  bool check_config = false;
  bool print_config = false;
};

// An error that ends the program: one line.
int Fail(const absl::Status& status, int code) {
  std::fprintf(stderr, "warmupd: %s\n", std::string(status.message()).c_str());
  return code;
}

// The signals main waits for; blocked before any thread is made, so that all
// threads inherit that.
sigset_t BlockSignals() {
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);  // a file at its limit is an error like any other
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return set;
}

Director::Options DirectorOptions(const v1::Config& config,
                                  const Engines& engines) {
  constexpr int64_t kMib = int64_t{1} << 20;
  Director::Options options;
  options.policy = PolicyFromConfig(config.policy());
  options.devices["host"] = {
      .budget_bytes = config.memory().budget_mib() * kMib,
      .reserve_bytes = config.memory().reserve_mib() * kMib};
  for (const auto& [id, engine] : engines) options.engines.insert(id);
  options.zone = absl::LocalTimeZone();
  options.seed = static_cast<uint64_t>(absl::ToUnixNanos(absl::Now()));
  return options;
}

EventLog::Options EventOptions(const StoredState& state) {
  return {.max_events = limits::kEventHistory,
          .max_bytes = limits::kEventHistoryBytes,
          .next_sequence = state.last_event_sequence + 1,
          .id_prefix =
              absl::StrCat(absl::Hex(absl::ToUnixMicros(absl::Now())), "-")};
}

// The running daemon: everything concrete, in the order of who uses whom.
class Daemon {
 public:
  Daemon(const v1::Config& config, std::unique_ptr<EngineFinder> finder,
         Engines engines, std::unique_ptr<SqliteStore> store,
         const StoredState& state)
      : config_(config),
        store_(std::move(store)),
        uses_(config.store().path()),
        registry_(std::make_shared<prometheus::Registry>()),
        rpc_metrics_(*registry_),
        exporter_(std::make_shared<MetricsExporter>(*registry_, kVersion)),
        finder_(std::move(finder)),
        engines_(std::move(engines)),
        host_(HostMemory::Options{}),
        events_(EventOptions(state), EncodeEvent),
        server_({.unix_socket = config.listen().unix_socket(),
                 .tcp_address = config.listen().tcp_address()},
                clock_, events_, rpc_metrics_) {
    events_.Restore(state.events);
    std::vector<EventSink*> sinks = server_.sinks();
    sinks.push_back(exporter_.get());
    sinks.push_back(&log_);
    std::map<std::string, Engine*> by_id;
    for (const auto& [id, engine] : engines_) by_id[id] = engine.get();
    runtime_.emplace(
        Runtime::Options{.director = DirectorOptions(config, engines_)},
        Runtime::Ports{.clock = clock_,
                       .store = *store_,
                       .events = events_,
                       .engines = std::move(by_id),
                       .monitors = {&host_, &amd_, &nvidia_},
                       .sinks = std::move(sinks),
                       .finder = *finder_,
                       .uses = uses_},
        state);
  }

  absl::Status Start() {
    exporter_->Attach(*runtime_, events_,
                      runtime_->ListModels("", limits::kMaxModels));
    WARMUP_RETURN_IF_ERROR(StartExposer());
    WARMUP_RETURN_IF_ERROR(server_.Start(*runtime_));
    runtime_->Start();
    for (const std::string& url : metrics_urls_) {
      Log(LogLevel::kInfo, "metrics", {{"url", url}});
    }
    for (const std::string& address : server_.addresses()) {
      Log(LogLevel::kInfo, "listening", {{"address", address}});
    }
    const Status status = runtime_->GetStatus();
    Log(LogLevel::kInfo, "ready",
        {{"version", kVersion},
         {"models", std::to_string(status.models)},
         {"sessions", std::to_string(status.sessions)},
         {"budget_mib", std::to_string(config_.memory().budget_mib())},
         {"predictive_preloading",
          status.policy.predictive_preloading ? "true" : "false"},
         {"store", config_.store().path()}});
    sd_notify(0, "READY=1");
    return absl::OkStatus();
  }

  // Takes up what can change while running: the log's level and the policy;
  // looks for new models.
  void Reload(const absl::StatusOr<v1::Config>& config) {
    exporter_->ConfigReloaded(config.ok());
    if (!config.ok()) {
      Log(LogLevel::kError, "configuration refused, the old one stays",
          {{"error", std::string(config.status().message())}});
      return;
    }
    SetLogLevel(config->log().level());
    const SwitchingPolicy policy = PolicyFromConfig(config->policy());
    if (policy != PolicyFromConfig(config_.policy())) {
      runtime_->SetPolicy(policy, [](const auto&) {});
    }
    v1::Config fixed_now = config_;
    v1::Config fixed_new = *config;
    for (v1::Config* part : {&fixed_now, &fixed_new}) {
      part->clear_log();
      part->clear_policy();
    }
    if (fixed_now.SerializeAsString() != fixed_new.SerializeAsString()) {
      Log(LogLevel::kWarning,
          "configuration read; changes beside log and policy need a restart");
    } else {
      Log(LogLevel::kInfo, "configuration read");
    }
    *config_.mutable_policy() = config->policy();
    runtime_->DiscoverSoon();
  }

  void Stop() {
    sd_notify(0, "STOPPING=1");
    server_.Drain();
    runtime_->Stop();
    server_.Shutdown();
    exposer_.reset();
  }

 private:
  // The page is served from here on; it says what it can.
  absl::Status StartExposer() {
    const std::string& address = config_.metrics().address();
    if (address == "off") return absl::OkStatus();
    try {
      exposer_ = std::make_unique<prometheus::Exposer>(address, 1);
    } catch (const std::exception&) {  // says no more than that it failed
      return absl::UnavailableError(
          absl::StrCat("cannot serve metrics on ", address,
                       ": it cannot be bound (is it in use?)"));
    }
    exposer_->RegisterCollectable(registry_);
    exposer_->RegisterCollectable(exporter_);
    for (const int port : exposer_->GetListeningPorts()) {
      const std::string host = address.substr(0, address.rfind(':'));
      metrics_urls_.push_back(
          absl::StrCat("http://", host, ":", port, "/metrics"));
    }
    return absl::OkStatus();
  }

  v1::Config config_;
  const SystemClock clock_;
  const std::unique_ptr<SqliteStore> store_;
  SqliteUseLog uses_;
  const std::shared_ptr<prometheus::Registry> registry_;
  RpcMetrics rpc_metrics_;
  const std::shared_ptr<MetricsExporter> exporter_;
  LogSink log_;
  const std::unique_ptr<EngineFinder> finder_;
  const Engines engines_;
  HostMonitor host_;
  AmdMonitor amd_;
  NvmlMonitor nvidia_{NvmlMonitor::Options{}, clock_};
  EventLog events_;
  GrpcServer server_;
  std::optional<Runtime> runtime_;
  std::unique_ptr<prometheus::Exposer> exposer_;
  std::vector<std::string> metrics_urls_;
};

int Serve(const v1::Config& config, std::unique_ptr<EngineFinder> finder,
          Engines engines, const ConfigSources& sources) {
  const sigset_t signals = BlockSignals();
  auto store = SqliteStore::Open(config.store().path());
  if (!store.ok()) return Fail(store.status(), kExitFailed);
  const absl::StatusOr<StoredState> state = (*store)->Load();
  if (!state.ok()) return Fail(state.status(), kExitFailed);

  StartLog(config.log().level());
  for (const std::string& warning : state->warnings) {
    Log(LogLevel::kWarning, "store", {{"warning", warning}});
  }
  int exit_code = 0;
  {
    Daemon daemon(config, std::move(finder), std::move(engines),
                  *std::move(store), *state);
    const absl::Status started = daemon.Start();
    if (!started.ok()) {
      exit_code = Fail(started, kExitFailed);
    } else {
      int signal = 0;
      while (sigwait(&signals, &signal) == 0 && signal == SIGHUP) {
        daemon.Reload(LoadConfig(sources));
      }
      Log(LogLevel::kInfo, "stopping", {{"signal", strsignal(signal)}});
    }
    daemon.Stop();
  }
  if (exit_code == 0) Log(LogLevel::kInfo, "stopped");
  StopLog();
  return exit_code;
}

int Main(int argc, char** argv) {
  CLI::App app{
      "Knows which AI model a developer's tools will need next, and has it\n"
      "loaded before it is asked for. Talk to it with warmupctl."};
  CommandLine line;
  app.add_option("--config", line.config_file, "Read this YAML file")
      ->type_name("FILE")
      ->envname("WARMUPD_CONFIG");
  app.add_option("--set", line.sets,
                 "Set one field, over the file and the environment, as in\n"
                 "--set memory.budget_mib=8192")
      ->type_name("FIELD=VALUE")
      ->expected(1)
      ->take_all();
  app.add_flag("--no-detect", line.no_detect,
               "Only the engines that are configured; as\n"
               "--set engines.detect=false");
  app.add_flag("--check-config", line.check_config,
               "Only say whether the configuration is right");
  app.add_flag("--print-config", line.print_config,
               "Only print the configuration in force");
  app.set_version_flag("--version", std::string("warmupd ") + kVersion);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }

  ConfigSources sources;
  sources.file = line.config_file;
  sources.sets = line.sets;
  if (line.no_detect) sources.sets.push_back("engines.detect=false");
  sources.getenv = [](const char* name) -> const char* {
    return std::getenv(name);
  };
  sources.is_root = ::geteuid() == 0;
  const auto memory = HostMemory(HostMemory::Options{}).Measure();
  if (memory.ok()) sources.machine_bytes = memory->total_bytes;

  const absl::StatusOr<v1::Config> config = LoadConfig(sources);
  if (!config.ok()) return Fail(config.status(), kExitUsage);
  std::unique_ptr<EngineFinder> finder =
      MakeEngineFinder(config->engines().detect());
  absl::StatusOr<Engines> engines = MakeEngines(config->engines(), *finder);
  if (!engines.ok()) return Fail(engines.status(), kExitUsage);
  if (line.check_config) {
    std::puts("the configuration is right");
    return 0;
  }
  if (line.print_config) {
    std::fputs(ToYaml(*config).c_str(), stdout);
    return 0;
  }
  return Serve(*config, std::move(finder), *std::move(engines), sources);
}

}  // namespace
}  // namespace warmup

int main(int argc, char** argv) { return warmup::Main(argc, argv); }
