#include "server/rpc_metrics.h"

#include "core/base/error.h"

namespace warmup {
namespace {

constexpr std::array<const char*, 17> kCodeNames = {"OK",
                                                    "Canceled",
                                                    "Unknown",
                                                    "InvalidArgument",
                                                    "DeadlineExceeded",
                                                    "NotFound",
                                                    "AlreadyExists",
                                                    "PermissionDenied",
                                                    "ResourceExhausted",
                                                    "FailedPrecondition",
                                                    "Aborted",
                                                    "OutOfRange",
                                                    "Unimplemented",
                                                    "Internal",
                                                    "Unavailable",
                                                    "DataLoss",
                                                    "Unauthenticated"};

// Microseconds for a prediction, minutes for a load that is waited for.
const prometheus::Histogram::BucketBoundaries kSecondsBuckets = {
    0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
    0.1,     0.25,   0.5,     1,      2.5,   5,      10,    30,   60,    300};

}  // namespace

RpcMetrics::RpcMetrics(prometheus::Registry& registry)
    : started_(prometheus::BuildCounter()
                   .Name("grpc_server_started_total")
                   .Help("RPCs started on the server.")
                   .Register(registry)),
      handled_(prometheus::BuildCounter()
                   .Name("grpc_server_handled_total")
                   .Help("RPCs completed on the server, by code.")
                   .Register(registry)),
      seconds_(prometheus::BuildHistogram()
                   .Name("grpc_server_handling_seconds")
                   .Help("Time from the arrival of an RPC to its answer.")
                   .Register(registry)),
      limits_(prometheus::BuildCounter()
                  .Name("warmup_limit_reached_total")
                  .Help("Answers that named a limit of core/base/limits.h.")
                  .Register(registry)) {}

RpcMetrics::Method* RpcMetrics::Add(const std::string& service,
                                    const std::string& method,
                                    const std::string& type) {
  const prometheus::Labels labels = {
      {"grpc_service", service}, {"grpc_method", method}, {"grpc_type", type}};
  auto added = std::make_unique<Method>();
  added->started_ = &started_.Add(labels);
  added->limits_ = &limits_;
  if (type == "unary") {
    added->seconds_ = &seconds_.Add(labels, kSecondsBuckets);
  }
  for (size_t code = 0; code < Method::kCodes; ++code) {
    prometheus::Labels with_code = labels;
    with_code["grpc_code"] = kCodeNames[code];
    added->handled_[code] = &handled_.Add(with_code);
  }
  return (methods_[service + "/" + method] = std::move(added)).get();
}

void RpcMetrics::Method::Handled(const absl::Status& status,
                                 Clock::time_point since) {
  // The codes of Abseil are those of gRPC, and StatusCode::code() yields no
  // others.
  handled_.at(static_cast<size_t>(status.code()))->Increment();
  if (status.code() == absl::StatusCode::kResourceExhausted) {
    const ErrorDetails error = GetErrorDetails(status);
    const auto limit = error.metadata.find("limit");
    if (limit != error.metadata.end()) {
      limits_->Add({{"limit", limit->second}}).Increment();
    }
  }
  if (seconds_ != nullptr) {
    seconds_->Observe(
        std::chrono::duration<double>(Clock::now() - since).count());
  }
}

}  // namespace warmup
