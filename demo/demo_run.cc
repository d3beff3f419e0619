#include "demo/demo_run.h"

#include <grpcpp/create_channel.h>

#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "demo/call.h"
#include "demo/watcher.h"
#include "demo/web_page.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "warmup/v1/model.grpc.pb.h"
#include "warmup/v1/warmup.grpc.pb.h"

namespace warmup::demo {
namespace {

constexpr absl::Duration kStartTime = absl::Seconds(20);
constexpr absl::Duration kStopTime = absl::Seconds(20);

// The daemon says in its log where the metrics are, as the port is any free
// one; it may do so a little later than it answers.
std::string FindMetricsUrl(const std::string& log_path) {
  const absl::Time deadline = absl::Now() + kStartTime;
  while (absl::Now() < deadline) {
    std::ifstream log(log_path);
    for (std::string line; std::getline(log, line);) {
      const size_t at = line.find("url=");
      if (at != std::string::npos && !log.eof()) return line.substr(at + 4);
    }
    absl::SleepFor(absl::Milliseconds(10));
  }
  return "";
}

}  // namespace

DemoRun::DemoRun(Options options)
    : options_(std::move(options)),
      socket_(absl::StrCat(options_.folder, "/d.sock")) {}

absl::Status DemoRun::Start() {
  std::error_code error;
  std::filesystem::create_directories(options_.folder, error);
  if (error) {
    return absl::UnavailableError(
        absl::StrCat("cannot make ", options_.folder, ": ", error.message()));
  }
  const auto set = [](const std::string& field, const std::string& value) {
    return absl::StrCat("--set=", field, "=", value);
  };
  const std::string log = absl::StrCat(options_.folder, "/warmupd.log");
  auto daemon = Daemon::Start(
      {options_.warmupd, set("listen.unix_socket", socket_),
       set("metrics.address", "127.0.0.1:0"),
       set("store.path", absl::StrCat(options_.folder, "/warmupd.db")),
       set("memory.budget_mib", absl::StrCat(options_.budget_bytes >> 20)),
       set("engines.detect", "false"),
       set("engines.files.mlock",
           CanLock(options_.budget_bytes) ? "true" : "false"),
       set("policy.predictive_preloading",
           options_.is_predicting ? "true" : "false")},
      log);
  if (!daemon.ok()) return daemon.status();
  daemon_ = std::make_unique<Daemon>(*std::move(daemon));
  grpc::ChannelArguments arguments;  // the first attempt comes too early
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 20);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 20);
  channel_ =
      grpc::CreateCustomChannel(absl::StrCat("unix:", socket_),
                                grpc::InsecureChannelCredentials(), arguments);
  absl::Status status = WaitUntilServing();
  if (!status.ok()) return status;
  metrics_url_ = FindMetricsUrl(log);
  status = Register();
  return status.ok() ? MakeCold() : status;
}

absl::Status DemoRun::WaitUntilServing() {
  const auto stub = grpc::health::v1::Health::NewStub(channel_);
  const absl::Time deadline = absl::Now() + kStartTime;
  while (absl::Now() < deadline) {
    if (options_.is_stopped()) return absl::CancelledError("stopped");
    if (!daemon_->IsAlive()) {
      return absl::UnavailableError(
          absl::StrCat("warmupd ended: ", daemon_->LogTail()));
    }
    if (!channel_->WaitForConnected(std::chrono::system_clock::now() +
                                    std::chrono::milliseconds(200))) {
      continue;
    }
    const auto health = Call(*stub, &grpc::health::v1::Health::Stub::Check,
                             grpc::health::v1::HealthCheckRequest());
    if (health.ok() &&
        health->status() == grpc::health::v1::HealthCheckResponse::SERVING) {
      return absl::OkStatus();
    }
    absl::SleepFor(absl::Milliseconds(10));
  }
  return absl::DeadlineExceededError("warmupd does not answer");
}

absl::Status DemoRun::Register() {
  const auto stub = v1::ModelService::NewStub(channel_);
  for (const ModelFile& file : options_.files) {
    v1::RegisterModelRequest request;
    request.mutable_spec()->set_model_id(file.model);
    request.mutable_spec()->set_model_type(v1::MODEL_TYPE_CHAT);
    request.mutable_spec()->set_source(file.path);
    const auto registered =
        Call(*stub, &v1::ModelService::Stub::RegisterModel, request);
    if (!registered.ok()) return registered.status();
  }
  return absl::OkStatus();
}

// Writing the files, and reading their headers to register them, brought them
// into memory.
absl::Status DemoRun::MakeCold() {
  const absl::StatusOr<int64_t> left = DropFromPageCache(options_.files);
  if (!left.ok()) return left.status();
  // A page or two may be in use by whatever else runs.
  constexpr int64_t kTolerated = int64_t{1} << 20;
  if (*left <= kTolerated) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      *left,
      " bytes of the model files stay in memory: loads would not be "
      "cold. Give a folder on another disk with --folder."));
}

absl::Status DemoRun::Play(const Trace& trace, SharedBoard& board,
                           Player::OnRequest on_request) {
  const Watcher watcher(channel_, board);
  Player player(channel_, board, options_.is_stopped, std::move(on_request));
  absl::Status status = player.Play(trace);
  if (status.ok() || absl::IsCancelled(status)) return status;
  return absl::Status(status.code(),
                      absl::StrCat(status.message(), "\n", daemon_->LogTail()));
}

// A shadow may still load what was asked for last, and its wait is told as of
// the daemon's last look at its engines: they come every second.
absl::Status DemoRun::WaitForShadows() {
  constexpr absl::Duration kPause = absl::Milliseconds(1'500);
  constexpr int kTries = 10;
  double before = -1;
  for (int i = 0; i < kTries && !options_.is_stopped(); ++i) {
    const absl::StatusOr<RunFigures> figures = Count();
    if (!figures.ok()) return figures.status();
    const double waited =
        figures->lru_waited_seconds + figures->ollama_default_waited_seconds;
    if (waited == before) break;
    before = waited;
    absl::SleepFor(kPause);
  }
  return absl::OkStatus();
}

// Counts and page are read one after the other: anew if something ended in
// between.
absl::StatusOr<RunFigures> DemoRun::Figures() {
  const absl::Status settled = WaitForShadows();
  if (!settled.ok()) return settled;
  absl::StatusOr<RunFigures> figures;
  constexpr int kTries = 20;
  for (int i = 0; i < kTries; ++i) {
    figures = Count();
    if (!figures.ok()) return figures;
    const auto page = ReadWebPage(metrics_url_);
    if (!page.ok()) return page.status();
    figures->series = ParseMetricsPage(*page);
    if (PagesAgree({*figures})) return figures;
    absl::SleepFor(absl::Milliseconds(100));
  }
  return figures;
}

absl::StatusOr<RunFigures> DemoRun::Count() {
  const auto stub = v1::WarmupService::NewStub(channel_);
  const auto metrics = Call(*stub, &v1::WarmupService::Stub::GetWarmupMetrics,
                            v1::GetWarmupMetricsRequest());
  if (!metrics.ok()) return metrics.status();
  RunFigures figures;
  figures.name = options_.is_predicting ? "predicting" : "on demand, LRU";
  figures.waited_seconds = metrics->demands().waited_seconds();
  figures.warm = metrics->demands().warm_count();
  figures.late = metrics->demands().late_count();
  figures.cold = metrics->demands().cold_count();
  figures.failed = metrics->demands().failed_count();
  figures.loads = metrics->loads().demand_count() +
                  metrics->loads().announced_count() +
                  metrics->loads().speculative_count();
  figures.read_bytes = metrics->loads().read_bytes();
  figures.wasted_bytes = metrics->loads().wasted_bytes();
  for (const v1::WaitComparison& waits : metrics->waits()) {
    if (waits.window() != v1::WAIT_WINDOW_SINCE_START) continue;
    figures.lru_waited_seconds = waits.lru_waited_seconds();
    figures.ollama_default_waited_seconds =
        waits.ollama_default_waited_seconds();
  }
  return figures;
}

absl::Status DemoRun::Stop() {
  // A server that ends waits a while for clients that are connected.
  channel_.reset();
  return daemon_->Stop(kStopTime);
}

}  // namespace warmup::demo
