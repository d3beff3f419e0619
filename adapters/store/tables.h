#ifndef WARMUP_ADAPTERS_STORE_TABLES_H_
#define WARMUP_ADAPTERS_STORE_TABLES_H_

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adapters/store/database.h"
#include "core/ports/store.h"

namespace warmup {

// Everything in the tables. Rows that no daemon would have written (damage
// that SQLite cannot see) are left out, with a warning each.
absl::StatusOr<StoredState> ReadTables(Database& database);

// Writes changes, with statements prepared once. Not thread-safe; the
// database outlives it.
class TableWriter {
 public:
  static absl::StatusOr<std::unique_ptr<TableWriter>> Create(
      Database& database);
  ~TableWriter();

  absl::Status Write(const StoreChange& change);
  // Drops all events but the newest limits::kStoredEvents.
  absl::Status TrimEvents();
  // The same for the log of use, of which so many were added, with a hundredth
  // to spare, so that it is seldom done.
  absl::Status TrimUses(int64_t added);

 private:
  struct Statements;
  TableWriter(std::unique_ptr<Statements> statements, int64_t uses);

  std::unique_ptr<Statements> statements_;
  // About; after transactions that failed it may be some less.
  int64_t uses_ = 0;
};

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_STORE_TABLES_H_
