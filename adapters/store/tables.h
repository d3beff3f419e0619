#ifndef WARMUP_ADAPTERS_STORE_TABLES_H_
#define WARMUP_ADAPTERS_STORE_TABLES_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adapters/store/database.h"
#include "core/ports/store.h"

namespace warmup {

// Everything in the tables. Rows that no daemon would have written (damage
// that SQLite cannot see) are left out, with a warning each; a learned state
// that cannot be read is moved to the table learned_set_aside.
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

 private:
  struct Statements;
  explicit TableWriter(std::unique_ptr<Statements> statements);

  std::unique_ptr<Statements> statements_;
};

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_STORE_TABLES_H_
