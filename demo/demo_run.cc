#include "demo/demo_run.h"

#include <grpcpp/create_channel.h>

#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "demo/call.h"
#include "demo/watcher.h"
#include "demo/web_page.h"
#include "warmup/v1/model.grpc.pb.h"
#include "warmup/v1/warmup.grpc.pb.h"

namespace warmup::demo {
namespace {

constexpr absl::Duration kStartTime = absl::Seconds(20);
constexpr absl::Duration kStopTime = absl::Seconds(20);

// The daemon says in its log where the metrics are: the port is any free one.
std::string FindMetricsUrl(const std::string& log_path) {
  std::ifstream log(log_path);
  for (std::string line; std::getline(log, line);) {
    const size_t at = line.find("url=");
    if (at != std::string::npos) return line.substr(at + 4);
  }
  return "";
}

}  // namespace

DemoRun::DemoRun(Options options)
    : options_(std::move(options)),
      socket_(absl::StrCat(options_.folder, "/warmupd.sock")) {}

absl::Status DemoRun::Start() {
  std::error_code error;
  std::filesystem::create_directories(options_.folder, error);
  if (error) {
    return absl::UnavailableError(
        absl::StrCat("cannot make ", options_.folder, ": ", error.message()));
  }
  const auto left = DropFromPageCache(options_.files);
  if (!left.ok()) return left.status();
  const auto set = [](const std::string& field, const std::string& value) {
    return absl::StrCat("--set=", field, "=", value);
  };
  const std::string log = absl::StrCat(options_.folder, "/warmupd.log");
  auto daemon = Daemon::Start(
      {options_.warmupd, set("listen.unix_socket", socket_),
       set("metrics.address", "127.0.0.1:0"),
       set("store.path", absl::StrCat(options_.folder, "/warmupd.db")),
       set("memory.budget_mib", absl::StrCat(options_.budget_bytes >> 20)),
       set("policy.predictive_preloading",
           options_.is_predicting ? "true" : "false")},
      log);
  if (!daemon.ok()) return daemon.status();
  daemon_ = std::make_unique<Daemon>(*std::move(daemon));
  channel_ = grpc::CreateChannel(absl::StrCat("unix:", socket_),
                                 grpc::InsecureChannelCredentials());
  absl::Status status = WaitUntilServing();
  if (!status.ok()) return status;
  metrics_url_ = FindMetricsUrl(log);
  return Register();
}

absl::Status DemoRun::WaitUntilServing() {
  const absl::Time deadline = absl::Now() + kStartTime;
  while (absl::Now() < deadline) {
    if (!daemon_->IsAlive()) {
      return absl::UnavailableError(
          absl::StrCat("warmupd ended: ", daemon_->LogTail()));
    }
    if (channel_->WaitForConnected(std::chrono::system_clock::now() +
                                   std::chrono::milliseconds(200))) {
      return absl::OkStatus();
    }
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
  // Reading the headers brought a little of the files into memory.
  return DropFromPageCache(options_.files).status();
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

absl::StatusOr<RunFigures> DemoRun::Figures() {
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
  figures.loads = metrics->loads().demand_count() +
                  metrics->loads().announced_count() +
                  metrics->loads().speculative_count();
  figures.read_bytes = metrics->loads().read_bytes();
  figures.wasted_bytes = metrics->loads().wasted_bytes();
  const auto page = ReadWebPage(metrics_url_);
  if (!page.ok()) return page.status();
  for (const absl::string_view line : absl::StrSplit(*page, '\n')) {
    if (absl::StartsWith(line, "warmup_demands_total") ||
        absl::StartsWith(line, "warmup_demand_wait_seconds_sum") ||
        absl::StartsWith(line, "warmup_load_read_bytes_total")) {
      figures.metrics.emplace_back(line);
    }
  }
  return figures;
}

absl::Status DemoRun::Stop() { return daemon_->Stop(kStopTime); }

}  // namespace warmup::demo
