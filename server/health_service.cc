#include "server/health_service.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "server/unary_call.h"

namespace warmup {
namespace {

namespace health = grpc::health::v1;
constexpr char kService[] = "grpc.health.v1.Health";

std::set<std::string> WithWholeServer(const std::vector<std::string>& names) {
  std::set<std::string> all(names.begin(), names.end());
  all.insert("");
  return all;
}

}  // namespace

class HealthServer::Watch final
    : public StreamCall<health::HealthCheckRequest,
                        health::HealthCheckResponse> {
 public:
  explicit Watch(HealthServer& server)
      : StreamCall(
            server.watch_metrics_,
            [&server](auto* context, auto* request, auto* writer, void* tag) {
              server.service_.RequestWatch(context, request, writer,
                                           server.queue_.queue(),
                                           server.queue_.queue(), tag);
            }),
        server_(server) {}

  void Tell() {
    if (!CanWrite()) return;  // told when the write is done
    health::HealthCheckResponse response;
    response.set_status(Now());
    told_ = response.status();
    Write(response);
  }

 private:
  health::HealthCheckResponse::ServingStatus Now() const {
    if (!server_.services_.contains(request().service())) {
      return health::HealthCheckResponse::SERVICE_UNKNOWN;
    }
    return server_.is_serving_ ? health::HealthCheckResponse::SERVING
                               : health::HealthCheckResponse::NOT_SERVING;
  }

  void OnStarted() override {
    new Watch(server_);  // the next call
    server_.watches_.insert(this);
    Tell();
    if (!server_.is_serving_) Finish(StoppingError());
  }
  void OnWritten() override {
    if (told_ != Now()) Tell();
  }
  void OnClosed() override { server_.watches_.erase(this); }

  HealthServer& server_;
  health::HealthCheckResponse::ServingStatus told_ =
      health::HealthCheckResponse::UNKNOWN;
};

HealthServer::HealthServer(CallQueue& queue, RpcMetrics& metrics,
                           const std::vector<std::string>& services)
    : queue_(queue),
      check_metrics_(metrics.Add(kService, "Check", "unary")),
      watch_metrics_(metrics.Add(kService, "Watch", "server_stream")),
      services_(WithWholeServer(services)) {}

void HealthServer::Listen() {
  using Service = health::Health::AsyncService;
  ServeUnary(service_, &Service::RequestCheck, queue_, check_metrics_,
             AtOnce([this](const health::HealthCheckRequest& request)
                        -> absl::StatusOr<health::HealthCheckResponse> {
               if (!services_.contains(request.service())) {
                 return MakeError(
                     absl::StatusCode::kNotFound, "SERVICE_NOT_FOUND",
                     absl::StrCat("no service \"", request.service(), "\""),
                     {{"service", request.service()}});
               }
               health::HealthCheckResponse response;
               response.set_status(
                   is_serving_ ? health::HealthCheckResponse::SERVING
                               : health::HealthCheckResponse::NOT_SERVING);
               return response;
             }));
  new Watch(*this);
}

void HealthServer::StopServing(const absl::Status& status) {
  is_serving_ = false;
  for (Watch* watch : watches_) {
    watch->Tell();
    watch->Finish(status);
  }
}

}  // namespace warmup
