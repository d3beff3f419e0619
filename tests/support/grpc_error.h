#ifndef WARMUP_TESTS_SUPPORT_GRPC_ERROR_H_
#define WARMUP_TESTS_SUPPORT_GRPC_ERROR_H_

#include <grpcpp/support/status.h>

#include <map>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "google/rpc/error_details.pb.h"

namespace warmup {

// What a client can read of an error's details.
struct GrpcError {
  std::string reason;
  std::string domain;
  std::map<std::string, std::string> metadata;
  std::optional<absl::Duration> retry_after;
  // Of the google.rpc.Status in the details; it repeats the call's own.
  int code = 0;
  std::string message;
  int detail_count = 0;
};

// Empty where there are no details.
inline GrpcError ReadGrpcError(const grpc::Status& status) {
  GrpcError error;
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return error;
  error.code = details.code();
  error.message = details.message();
  error.detail_count = details.details_size();
  for (const google::protobuf::Any& detail : details.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::RetryInfo retry;
    if (detail.UnpackTo(&info)) {
      error.reason = info.reason();
      error.domain = info.domain();
      error.metadata = {info.metadata().begin(), info.metadata().end()};
    } else if (detail.UnpackTo(&retry)) {
      error.retry_after = absl::Seconds(retry.retry_delay().seconds()) +
                          absl::Nanoseconds(retry.retry_delay().nanos());
    }
  }
  return error;
}

}  // namespace warmup

#endif  // WARMUP_TESTS_SUPPORT_GRPC_ERROR_H_
