#include "server/unary_call.h"

#include "core/base/error.h"

namespace warmup {

absl::Status StoppingError() {
  return MakeError(absl::StatusCode::kUnavailable, "STOPPING",
                   "warmupd is stopping", {}, absl::Seconds(1));
}

}  // namespace warmup
