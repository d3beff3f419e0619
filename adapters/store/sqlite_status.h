#ifndef WARMUP_ADAPTERS_STORE_SQLITE_STATUS_H_
#define WARMUP_ADAPTERS_STORE_SQLITE_STATUS_H_

#include <string_view>

#include "absl/status/status.h"

struct sqlite3;

namespace warmup {

// The one place that turns an error of SQLite into a status:
//   disk, quota or file size limit full   RESOURCE_EXHAUSTED  STORE_FULL
//   not a database, damaged               DATA_LOSS           STORE_CORRUPT
//   locked by another program             UNAVAILABLE         STORE_BUSY
//   a value above SQLite's limits         INVALID_ARGUMENT    STORE_VALUE
//   anything else                         UNAVAILABLE         STORE_IO
// `what` says what was being done; `database` (may be null) tells the rest.
// To be called right after the call that failed, with errno zeroed before it:
// SQLite tells a file size limit or a quota only by errno.
absl::Status SqliteStatus(int code, std::string_view what, sqlite3* database);

// True for a status that says the file itself is damaged, of a start: also that
// its tables are not those that its version has, so that a statement of ours
// makes no sense to it.
bool IsCorrupt(const absl::Status& status);

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_STORE_SQLITE_STATUS_H_
