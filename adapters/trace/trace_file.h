#ifndef WARMUP_ADAPTERS_TRACE_TRACE_FILE_H_
#define WARMUP_ADAPTERS_TRACE_TRACE_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "core/replay/trace.h"

namespace warmup {

// Reads a recorded trace: CSV with a header that names at least the columns
// time_s, user and item, sorted by time, plain or compressed by zstd. Columns
// size_mib and load_s say what the item of their row costs; where both are
// empty they say nothing, and the last row that does counts. Holds 16 bytes a
// row, and each name once.
//
// INVALID_ARGUMENT naming file, line and column: a column that is missing, a
// time that is none, goes back, is negative or beyond the year 10000, a name
// that is empty or longer than limits::kMaxIdBytes, a size that is no whole
// number from 1 to 16 TiB, or has no load time up to a day beside it, no row at
// all; NOT_FOUND and the like where it cannot be opened; DATA_LOSS where it
// ends in the middle or is not what its compression says.
absl::StatusOr<replay::Trace> ReadTrace(const std::string& path);

// Adds the events of a context file, which has the same columns; an item
// "session:NAME" or "hint:NAME" announces that item. Errors as above.
absl::Status ReadContext(const std::string& path, replay::Trace& trace);

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_TRACE_TRACE_FILE_H_
