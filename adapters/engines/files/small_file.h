#ifndef WARMUP_ADAPTERS_ENGINES_FILES_SMALL_FILE_H_
#define WARMUP_ADAPTERS_ENGINES_FILES_SMALL_FILE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace warmup {

// The bytes of a regular file of at most `max_bytes`: a manifest, a
// config.json. FAILED_PRECONDITION for anything else (it never waits at a
// FIFO); errors name the path.
absl::StatusOr<std::string> ReadSmallFile(const std::string& path,
                                          int64_t max_bytes);

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_FILES_SMALL_FILE_H_
