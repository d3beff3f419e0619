#ifndef WARMUP_ADAPTERS_ENGINES_FILES_OS_ERROR_H_
#define WARMUP_ADAPTERS_ENGINES_FILES_OS_ERROR_H_

#include <string_view>

#include "absl/status/status.h"

namespace warmup {

// What an engine answers for an errno that `doing` ("opening") `path` met:
// NOT_FOUND, FAILED_PRECONDITION (a retry will not help), RESOURCE_EXHAUSTED
// or UNAVAILABLE, naming the path.
absl::Status FileError(int error, std::string_view doing,
                       std::string_view path);

// FAILED_PRECONDITION with `reason`: "<path> <what>".
absl::Status FileUnfit(std::string_view reason, std::string_view path,
                       std::string_view what);

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_FILES_OS_ERROR_H_
