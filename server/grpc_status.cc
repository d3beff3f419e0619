#include "server/grpc_status.h"

#include <string>

#include "core/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "server/convert.h"

namespace warmup {
namespace {

// Errors travel in trailers, of which clients take 8 KiB: where there is more
// they report that, instead of what went wrong. The message is there twice,
// once percent-encoded and once, with the metadata, in base64.
constexpr size_t kMaxMessageBytes = 1024;
constexpr size_t kMaxMetadataBytes = 256;

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const ErrorDetails error = GetErrorDetails(status);
  const absl::string_view text = status.message();
  const std::string message =
      WireText({text.data(), text.size()}, kMaxMessageBytes);

  google::rpc::Status details;
  details.set_code(static_cast<int>(status.code()));
  details.set_message(message);
  google::rpc::ErrorInfo info;
  info.set_reason(error.reason);
  info.set_domain("warmupd");
  for (const auto& [key, value] : error.metadata) {
    (*info.mutable_metadata())[key] = WireText(value, kMaxMetadataBytes);
  }
  details.add_details()->PackFrom(info);
  if (error.retry_after.has_value()) {
    google::rpc::RetryInfo retry;
    SetDuration(*error.retry_after, retry.mutable_retry_delay());
    details.add_details()->PackFrom(retry);
  }
  // The codes of Abseil are those of gRPC.
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), message,
                      details.SerializeAsString());
}

}  // namespace warmup
