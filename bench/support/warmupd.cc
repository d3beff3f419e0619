#include "bench/support/warmupd.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <filesystem>
#include <thread>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "bench/support/habits.h"
#include "bench/support/raw_client.h"
#include "bench/support/table.h"
#include "warmup/v1/model.grpc.pb.h"
#include "warmup/v1/warmup.grpc.pb.h"

namespace warmup::bench {
namespace {

constexpr int kUsesEach = 100;
constexpr int kUsesInBatch = 1'000;
constexpr absl::Duration kHistory = absl::Minutes(50);

void Must(const grpc::Status& status, const std::string& what) {
  if (!status.ok()) Fail(absl::StrCat(what, ": ", status.error_message()));
}

void RegisterModel(v1::ModelService::Stub& models, const std::string& folder,
                   int index) {
  v1::RegisterModelRequest request;
  v1::ModelSpec& spec = *request.mutable_spec();
  spec.set_model_id(ModelName(index));
  spec.set_source(absl::StrCat(folder, "/", ModelName(index), ".bin"));
  spec.set_model_type(index % 2 == 0 ? v1::MODEL_TYPE_CHAT
                                     : v1::MODEL_TYPE_COMPLETION);
  WriteFile(spec.source(), std::string(4096, 'w'));
  grpc::ClientContext context;
  v1::RegisterModelResponse response;
  Must(models.RegisterModel(&context, request, &response), spec.model_id());
}

}  // namespace

Warmupd::Warmupd(const std::string& build, const std::string& folder,
                 std::vector<std::string> settings)
    : build_(build),
      folder_(folder),
      socket_(folder + "/warmupd.sock"),
      settings_(std::move(settings)) {
  Start();
  AwaitListener(socket_);
}

std::vector<std::string> Warmupd::Command() const {
  std::vector<std::string> command = {build_ + "/server/warmupd",
                                      "--set",
                                      "listen.unix_socket=" + socket_,
                                      "--set",
                                      "store.path=" + folder_ + "/store.db",
                                      "--set",
                                      "metrics.address=127.0.0.1:0",
                                      "--no-detect",
                                      "--set",
                                      "log.level=info"};
  for (const std::string& setting : settings_) {
    command.insert(command.end(), {"--set", setting});
  }
  return command;
}

void Warmupd::Stop() { process_.reset(); }

void Warmupd::Start() {
  process_ = std::make_unique<Process>(Command(), folder_ + "/log");
}

int Warmupd::MetricsPort() const {
  const std::string log = ReadFile(folder_ + "/log");
  const std::string before = "http://127.0.0.1:";
  const size_t begin = log.find(before);
  if (begin == std::string::npos) Fail("warmupd says no metrics address");
  const std::string rest = log.substr(begin + before.size(), 6);
  int port = 0;
  if (!absl::SimpleAtoi(rest.substr(0, rest.find('/')), &port)) {
    Fail(absl::StrCat("not a port: ", rest));
  }
  return port;
}

void Warmupd::AddModels(int count) {
  std::filesystem::create_directory(folder_ + "/models");
  // Side by side, so that they are written to the store in groups.
  constexpr int kThreads = 16;
  std::vector<std::thread> threads;
  for (int first = 0; first < kThreads; ++first) {
    threads.emplace_back([this, first, count] {
      const auto models = v1::ModelService::NewStub(NewChannel(socket_));
      for (int i = first; i < count; i += kThreads) {
        RegisterModel(*models, folder_ + "/models", i);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

void Warmupd::AddPeople(int models, int count) {
  const auto warmup = v1::WarmupService::NewStub(NewChannel(socket_));
  Habits habits(models, count);
  for (int i = 0; i < count; ++i) {
    v1::StartWarmupSessionRequest request;
    v1::WarmupSession& session = *request.mutable_session();
    session.set_session_id(SessionName(i));
    session.set_user_id(SessionName(i));
    session.mutable_lease()->set_seconds(24 * 3600);
    auto& roles = *session.mutable_roles();
    roles["chat"] = ModelName(habits.FavouritesOf(i)[0]);
    roles["completion"] = ModelName(habits.FavouritesOf(i)[1]);
    grpc::ClientContext context;
    v1::StartWarmupSessionResponse response;
    Must(warmup->StartWarmupSession(&context, request, &response),
         SessionName(i));
  }
  const int uses = count * kUsesEach;
  const absl::Time begin = absl::Now() - kHistory;
  for (int done = 0; done < uses; done += kUsesInBatch) {
    v1::RecordUsageRequest request;
    for (int i = done; i < std::min(uses, done + kUsesInBatch); ++i) {
      const auto [person, model] = habits.Next();
      v1::Usage& usage = *request.add_usages();
      usage.set_model_id(ModelName(model));
      usage.set_session_id(SessionName(person));
      const int64_t micros =
          absl::ToUnixMicros(begin + kHistory * i / std::max(uses, 1));
      usage.mutable_timestamp()->set_seconds(micros / 1'000'000);
      usage.mutable_timestamp()->set_nanos(
          static_cast<int32_t>(micros % 1'000'000 * 1'000));
    }
    grpc::ClientContext context;
    v1::RecordUsageResponse response;
    Must(warmup->RecordUsage(&context, request, &response), "RecordUsage");
  }
}

std::string PredictionRequest(const std::string& session) {
  v1::GetWarmupPredictionRequest request;
  request.set_task(v1::MODEL_TYPE_CHAT);
  request.set_input_length(1'200);
  request.set_complexity(0.4);
  request.set_priority(v1::REQUEST_PRIORITY_HIGH);
  request.set_acceptable_latency_ms(800);
  request.set_preferred_hardware("host");
  request.set_session_id(session);
  request.mutable_user_context()->set_user_id(session);
  request.mutable_project_context()->set_language("rust");
  request.mutable_project_context()->set_file_count(3'200);
  request.set_mode(v1::PREDICTION_MODE_PREDICT_ONLY);
  return request.SerializeAsString();
}

}  // namespace warmup::bench
