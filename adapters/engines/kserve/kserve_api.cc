#include "adapters/engines/kserve/kserve_api.h"

#include <grpc/grpc.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "adapters/engines/http/endpoint.h"
#include "adapters/engines/http/json_answer.h"
#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/base/status_macros.h"
#include "inference/grpc_service.grpc.pb.h"

namespace warmup::kserve {
namespace {

using Stub = inference::GRPCInferenceService::Stub;

constexpr std::string_view kGrpcPrefix = "grpc://";
constexpr std::string_view kHttpPrefix = "http://";
// As gRPC names it: how long a connection may take.
constexpr int kConnectMs = 1'000;
constexpr int kMaxSendBytes = 1 << 20;

// Where gRPC connects to.
absl::StatusOr<std::string> TargetOf(const std::string& text) {
  if (text.starts_with("unix:")) {
    WARMUP_RETURN_IF_ERROR(ParseEndpoint(text).status());
    return text;
  }
  if (!text.starts_with(kGrpcPrefix)) {
    return InvalidField("endpoint", "must begin with grpc:// or unix:/");
  }
  const std::string address = text.substr(kGrpcPrefix.size());
  WARMUP_RETURN_IF_ERROR(
      ParseEndpoint(absl::StrCat(std::string(kHttpPrefix), address)).status());
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon + 1 == address.size() ||
      address.find_first_not_of("0123456789", colon + 1) != std::string::npos) {
    return InvalidField("endpoint", "must end with a port");
  }
  return absl::StrCat("dns:///", address);
}

grpc::ChannelArguments Arguments() {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  // What others of this process know of the endpoint does not count.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectMs);
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, kMaxErrorBytes);
  arguments.SetMaxReceiveMessageSize(kMaxAnswerBytes);
  arguments.SetMaxSendMessageSize(kMaxSendBytes);
  return arguments;
}

gpr_timespec In(absl::Duration duration) {
  return gpr_time_add(
      gpr_now(GPR_CLOCK_MONOTONIC),
      gpr_time_from_micros(absl::ToInt64Microseconds(duration), GPR_TIMESPAN));
}

int64_t ToCount(uint64_t number) {
  constexpr auto kMax = std::numeric_limits<int64_t>::max() / 4;
  return static_cast<int64_t>(std::min<uint64_t>(number, kMax));
}

int64_t AddBytes(int64_t sum, uint64_t bytes) {
  constexpr auto kMax = static_cast<uint64_t>(limits::kMaxModelBytes);
  return std::min(sum + static_cast<int64_t>(std::min(bytes, kMax)),
                  limits::kMaxModelBytes);
}

// KServe's own server reads the model's name where others read the
// repository's.
template <class Request>
Request NameModel(Flavour flavour, const std::string& model) {
  Request request;
  if (flavour == Flavour::kKserve) {
    request.set_repository_name(model);
  } else {
    request.set_model_name(model);
  }
  return request;
}

}  // namespace

struct KserveApi::Connection {
  std::unique_ptr<Stub> stub;
  std::atomic<bool> has_worked{false};
};

absl::StatusOr<std::unique_ptr<KserveApi>> KserveApi::Create(
    const std::string& engine, const std::string& endpoint) {
  if (engine.empty()) return InvalidField("engine", "must not be empty");
  WARMUP_ASSIGN_OR_RETURN(const std::string target, TargetOf(endpoint));
  return std::unique_ptr<KserveApi>(new KserveApi({engine, endpoint}, target));
}

KserveApi::KserveApi(Speaker speaker, std::string target)
    : speaker_(std::move(speaker)), target_(std::move(target)) {}

KserveApi::~KserveApi() = default;

std::shared_ptr<KserveApi::Connection> KserveApi::Take() {
  MutexLock lock(mutex_);
  if (connection_ == nullptr) {
    connection_ = std::make_shared<Connection>();
    connection_->stub =
        inference::GRPCInferenceService::NewStub(grpc::CreateCustomChannel(
            target_, grpc::InsecureChannelCredentials(), Arguments()));
  }
  return connection_;
}

void KserveApi::Drop(const std::shared_ptr<Connection>& connection) {
  MutexLock lock(mutex_);
  if (connection_ == connection) connection_ = nullptr;
}

template <class Method, class Request, class Response>
absl::Status KserveApi::Ask(Method method, const Request& request,
                            Response& response, const RpcCall& call,
                            Operation operation, const std::string& model) {
  for (;;) {
    const std::shared_ptr<Connection> connection = Take();
    const bool has_worked = connection->has_worked;
    absl::Status status =
        AskOn(*connection, method, request, response, call, operation, model);
    if (GetErrorDetails(status).reason != "ENGINE_UNAVAILABLE") {
      connection->has_worked = true;
      return status;
    }
    // gRPC would wait longer and longer before it tries again.
    Drop(connection);
    if (!has_worked || operation != Operation::kRead) return status;
  }
}

template <class Method, class Request, class Response>
absl::Status KserveApi::AskOn(Connection& connection, Method method,
                              const Request& request, Response& response,
                              const RpcCall& call, Operation operation,
                              const std::string& model) {
  if (call.is_cancelled != nullptr && call.is_cancelled()) {
    return ToStatus(grpc::Status::CANCELLED, speaker_, operation, model, true);
  }
  grpc::ClientContext context;
  if (call.timeout != absl::InfiniteDuration()) {
    context.set_deadline(In(call.timeout));
  }
  // A queue of its own: the thread that waits does the work, and nobody else.
  grpc::CompletionQueue queue;
  grpc::Status status;
  const auto reader =
      (connection.stub.get()->*method)(&context, request, &queue);
  reader->Finish(&response, &status, nullptr);
  bool is_cancelled = false;
  bool is_read = false;
  void* tag = nullptr;
  while (queue.AsyncNext(&tag, &is_read, In(kCancelLatency)) ==
         grpc::CompletionQueue::TIMEOUT) {
    if (is_cancelled || call.is_cancelled == nullptr || !call.is_cancelled()) {
      continue;
    }
    is_cancelled = true;
    context.TryCancel();
  }
  queue.Shutdown();
  for (bool ignored = false; queue.Next(&tag, &ignored);) {
  }
  if (status.ok() && !is_read) {
    return speaker_.Error(absl::StatusCode::kUnavailable,
                          "ENGINE_ANSWER_UNREADABLE", model,
                          "the answer is not of the protocol");
  }
  return ToStatus(status, speaker_, operation, model, is_cancelled);
}

absl::StatusOr<Server> KserveApi::Identify(const RpcCall& call) {
  inference::ServerMetadataResponse answer;
  WARMUP_RETURN_IF_ERROR(Ask(&Stub::AsyncServerMetadata,
                             inference::ServerMetadataRequest(), answer, call,
                             Operation::kRead, ""));
  const std::vector<std::string> extensions(answer.extensions().begin(),
                                            answer.extensions().end());
  Server server = {.flavour = ReadFlavour(extensions), .version = {}};
  // Others say as little as MLServer, and have no models to load.
  if (server.flavour == Flavour::kMlServer) {
    WARMUP_RETURN_IF_ERROR(List(call).status());
  }
  server.version = Words(absl::StrCat(std::string(ToString(server.flavour)),
                                      " ", answer.version()));
  return server;
}

absl::Status KserveApi::CheckLive(const RpcCall& call) {
  inference::ServerLiveResponse answer;
  WARMUP_RETURN_IF_ERROR(Ask(&Stub::AsyncServerLive,
                             inference::ServerLiveRequest(), answer, call,
                             Operation::kRead, ""));
  if (answer.live()) return absl::OkStatus();
  return speaker_.Error(absl::StatusCode::kUnavailable, "ENGINE_FAILED", "",
                        "it says that it is not live");
}

absl::StatusOr<bool> KserveApi::IsReady(const std::string& model,
                                        const RpcCall& call) {
  inference::ModelReadyRequest request;
  request.set_name(model);
  inference::ModelReadyResponse answer;
  const absl::Status status = Ask(&Stub::AsyncModelReady, request, answer, call,
                                  Operation::kRead, model);
  // How it is said that there is no such model differs.
  const std::string reason = GetErrorDetails(status).reason;
  if (reason == "ENGINE_FAILED" || reason == "MODEL_NOT_FOUND") return false;
  WARMUP_RETURN_IF_ERROR(status);
  return answer.ready();
}

absl::StatusOr<Index> KserveApi::List(const RpcCall& call) {
  inference::RepositoryIndexResponse answer;
  WARMUP_RETURN_IF_ERROR(Ask(&Stub::AsyncRepositoryIndex,
                             inference::RepositoryIndexRequest(), answer, call,
                             Operation::kRead, ""));
  if (static_cast<size_t>(answer.models_size()) > json_answer::kMaxListed) {
    return speaker_.Error(
        absl::StatusCode::kUnavailable, "ENGINE_ANSWER_TOO_LONG", "",
        absl::StrCat("it lists ", answer.models_size(), " models, at most ",
                     json_answer::kMaxListed, " are read"));
  }
  Index index;
  for (const auto& model : answer.models()) {
    AddVersion(model.state(), model.reason(), index[model.name()]);
  }
  return index;
}

absl::StatusOr<StatisticsByModel> KserveApi::Use(const RpcCall& call) {
  inference::ModelStatisticsResponse answer;
  WARMUP_RETURN_IF_ERROR(Ask(&Stub::AsyncModelStatistics,
                             inference::ModelStatisticsRequest(), answer, call,
                             Operation::kRead, ""));
  StatisticsByModel result;
  for (const auto& version : answer.model_stats()) {
    if (result.size() >= json_answer::kMaxListed) break;
    Statistics& model = result[version.name()];
    model.successes =
        ToCount(static_cast<uint64_t>(model.successes) +
                static_cast<uint64_t>(
                    ToCount(version.inference_stats().success().count())));
    model.failures = ToCount(static_cast<uint64_t>(model.failures) +
                             static_cast<uint64_t>(ToCount(
                                 version.inference_stats().fail().count())));
    for (const auto& usage : version.memory_usage()) {
      int64_t& sum =
          usage.type() == "GPU" ? model.device_bytes : model.host_bytes;
      sum = AddBytes(sum, usage.byte_size());
    }
  }
  return result;
}

absl::Status KserveApi::Load(Flavour flavour, const std::string& model,
                             const RpcCall& call) {
  inference::RepositoryModelLoadResponse answer;
  return Ask(&Stub::AsyncRepositoryModelLoad,
             NameModel<inference::RepositoryModelLoadRequest>(flavour, model),
             answer, call, Operation::kLoad, model);
}

absl::Status KserveApi::Unload(Flavour flavour, const std::string& model,
                               const RpcCall& call) {
  inference::RepositoryModelUnloadResponse answer;
  return Ask(&Stub::AsyncRepositoryModelUnload,
             NameModel<inference::RepositoryModelUnloadRequest>(flavour, model),
             answer, call, Operation::kUnload, model);
}

}  // namespace warmup::kserve
