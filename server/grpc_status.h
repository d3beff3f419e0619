#ifndef WARMUP_SERVER_GRPC_STATUS_H_
#define WARMUP_SERVER_GRPC_STATUS_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace warmup {

// The one place where the daemon's errors become gRPC's: the code and message
// as they are, and google.rpc.Status in the details, holding ErrorInfo (reason,
// domain "warmupd", metadata) and, where trying again may help, RetryInfo. Long
// texts are cut so that every client's limit of 8 KiB for trailers holds.
grpc::Status ToGrpcStatus(const absl::Status& status);

}  // namespace warmup

#endif  // WARMUP_SERVER_GRPC_STATUS_H_
