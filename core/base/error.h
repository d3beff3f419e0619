#ifndef WARMUP_CORE_BASE_ERROR_H_
#define WARMUP_CORE_BASE_ERROR_H_

#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace warmup {

// What a machine can read of an error: a stable reason in UPPER_SNAKE and the
// values its message names. Rides on absl::Status as a payload, so that core
// needs no protobuf; the server turns it into google.rpc.ErrorInfo.
struct ErrorDetails {
  std::string reason;
  std::map<std::string, std::string> metadata;
  // When trying again may help; becomes google.rpc.RetryInfo.
  std::optional<absl::Duration> retry_after;
};

absl::Status MakeError(
    absl::StatusCode code, std::string_view reason, std::string_view message,
    std::initializer_list<std::pair<std::string_view, std::string_view>>
        metadata = {},
    std::optional<absl::Duration> retry_after = std::nullopt);

// INVALID_ARGUMENT for an input's field: "field: what".
absl::Status InvalidField(std::string_view field, std::string_view what);

// The details of an error made by MakeError; for any other status the reason
// is the status code's name and the rest is empty.
ErrorDetails GetErrorDetails(const absl::Status& status);

// The answer to whoever waits or calls while the daemon stops.
absl::Status StoppingError();

}  // namespace warmup

#endif  // WARMUP_CORE_BASE_ERROR_H_
