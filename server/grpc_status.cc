#include "server/grpc_status.h"

#include <string>

#include "core/base/error.h"
#include "google/rpc/error_details.pb.h"

namespace warmup {

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const ErrorDetails error = GetErrorDetails(status);
  const std::string message(status.message());

  google::rpc::Status details;
  details.set_code(static_cast<int>(status.code()));
  details.set_message(message);
  google::rpc::ErrorInfo info;
  info.set_reason(error.reason);
  info.set_domain("warmupd");
  info.mutable_metadata()->insert(error.metadata.begin(), error.metadata.end());
  details.add_details()->PackFrom(info);
  if (error.retry_after.has_value()) {
    google::rpc::RetryInfo retry;
    timespec delay = absl::ToTimespec(*error.retry_after);
    retry.mutable_retry_delay()->set_seconds(delay.tv_sec);
    retry.mutable_retry_delay()->set_nanos(static_cast<int>(delay.tv_nsec));
    details.add_details()->PackFrom(retry);
  }
  // The codes of Abseil are those of gRPC.
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), message,
                      details.SerializeAsString());
}

}  // namespace warmup
