#ifndef WARMUP_ADAPTERS_STORE_SQLITE_STORE_H_
#define WARMUP_ADAPTERS_STORE_SQLITE_STORE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adapters/store/database.h"
#include "adapters/store/store_lock.h"
#include "adapters/store/tables.h"
#include "core/ports/store.h"

namespace warmup {

// The store in one SQLite file (WAL), owned by one process at a time.
//
// Durability: a commit that returned OK survives the end of this process in
// any way, kill -9 included. A power cut may lose the last commits, never
// consistency (synchronous=NORMAL: see schema.cc).
//
// Damage: a file that SQLite finds damaged is renamed to
// `<path>.corrupt-<UTC time>` (with its log) and an empty one takes its place,
// which is told in StoredState::warnings. Damage found later, by a commit, is
// DATA_LOSS until the next start sets the file aside.
//
// Not thread-safe.
class SqliteStore final : public Store {
 public:
  // Makes missing folders (0700) and the file (0600).
  //   FAILED_PRECONDITION  in use by another process; a newer schema; a
  //                        database of another program
  //   UNAVAILABLE, RESOURCE_EXHAUSTED  as Store says
  static absl::StatusOr<std::unique_ptr<SqliteStore>> Open(
      const std::string& path);

  absl::StatusOr<StoredState> Load() override;
  // Also DATA_LOSS (see above) and INVALID_ARGUMENT for a value that SQLite
  // can never take (a gigabyte): trying again does not help with these.
  absl::Status Commit(const std::vector<StoreChange>& changes) override;

 private:
  SqliteStore(std::string path, std::unique_ptr<StoreLock> lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  absl::Status OpenDatabase();
  absl::Status Connect();
  absl::Status SetAside(const absl::Status& damage);
  // Setting a damaged file aside may have failed half-way.
  absl::Status CheckIsOpen() const;
  absl::StatusOr<StoredState> CheckAndRead();

  const std::string path_;
  const std::unique_ptr<StoreLock> lock_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<TableWriter> writer_;  // of database_
  std::vector<std::string> warnings_;    // for the next Load
};

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_STORE_SQLITE_STORE_H_
