#ifndef WARMUP_ADAPTERS_STORE_SQLITE_USE_LOG_H_
#define WARMUP_ADAPTERS_STORE_SQLITE_USE_LOG_H_

#include <string>
#include <utility>
#include <vector>

#include "core/ports/use_log.h"

namespace warmup {

// Reads the log of use from the file of a SqliteStore, each time by a
// connection of its own: it is in nobody's way, and as none outlives a read, a
// reader that takes long does not keep the database's write-ahead log from
// being emptied. Thread-safe: has no state.
class SqliteUseLog final : public UseLog {
 public:
  // The store has been opened, and stays so.
  explicit SqliteUseLog(std::string path) : path_(std::move(path)) {}

  // Rows that no daemon would have written (damage that SQLite cannot see) are
  // left out. The errors are those of SqliteStatus.
  absl::StatusOr<std::vector<UseRecord>> Read(const UseQuery& query) override;

 private:
  const std::string path_;
};

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_STORE_SQLITE_USE_LOG_H_
