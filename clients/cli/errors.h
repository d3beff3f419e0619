#ifndef WARMUP_CLIENTS_CLI_ERRORS_H_
#define WARMUP_CLIENTS_CLI_ERRORS_H_

#include <grpcpp/grpcpp.h>

#include <map>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "clients/cli/terminal.h"

namespace warmup::cli {

// What the program exits with; documented in its help and never renumbered.
enum ExitCode {
  kExitOk = 0,
  kExitFailed = 1,       // the daemon answered with an error not listed here
  kExitUsage = 2,        // the command line is wrong
  kExitUnreachable = 3,  // no daemon answers at the target
  kExitNotFound = 4,
  kExitRefused = 5,    // invalid, exists already, or not in this state
  kExitNoRoom = 6,     // a limit is reached
  kExitDeadline = 7,   // no answer in time
  kExitForbidden = 8,  // not authenticated or not allowed
  kExitUnhealthy = 9,  // `health` found something that does not serve
};

// What a daemon says of an error beside its message: google.rpc.ErrorInfo and
// RetryInfo. All empty where it says nothing.
struct ErrorDetails {
  std::string reason;
  std::map<std::string, std::string> metadata;
  std::optional<absl::Duration> retry_after;
};
ErrorDetails GetErrorDetails(const grpc::Status& status);

// The message without what gRPC writes before the cause of a failure to
// connect.
std::string ShortMessage(const grpc::Status& status);

ExitCode ExitCodeFor(const grpc::Status& status);

// An error as people read it: what failed, why, and what to do next. Lines
// ending in \n.
std::string DescribeError(const grpc::Status& status, const std::string& target,
                          const Style& style);

}  // namespace warmup::cli

#endif  // WARMUP_CLIENTS_CLI_ERRORS_H_
