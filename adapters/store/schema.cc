#include "adapters/store/schema.h"

#include <cstddef>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace warmup {
namespace {

// "WRMP": says that a database is ours.
constexpr int64_t kApplicationId = 0x57524d50;

// Step i brings version i to i + 1. Never change one that was released: add.
// Enumerations are kept by name, times and durations in nanoseconds, maps as
// a TextMap message.
constexpr const char* kMigrations[] = {
    R"sql(
      CREATE TABLE models (
        id TEXT PRIMARY KEY,
        type TEXT NOT NULL,
        engine TEXT NOT NULL,
        source TEXT NOT NULL,
        device TEXT NOT NULL,
        priority TEXT NOT NULL,
        is_pinned INTEGER NOT NULL,
        size_bytes INTEGER NOT NULL,
        peak_bytes INTEGER NOT NULL,
        format TEXT NOT NULL,
        architecture TEXT NOT NULL,
        context_length INTEGER NOT NULL,
        labels BLOB NOT NULL,
        revision INTEGER NOT NULL
      ) WITHOUT ROWID;
      CREATE TABLE measurements (
        model_id TEXT PRIMARY KEY,
        load_count INTEGER NOT NULL,
        load_time_ns INTEGER NOT NULL,
        steady_bytes INTEGER NOT NULL
      ) WITHOUT ROWID;
      CREATE TABLE sessions (
        id TEXT PRIMARY KEY,
        user TEXT NOT NULL,
        client TEXT NOT NULL,
        workspace TEXT NOT NULL,
        language TEXT NOT NULL,
        roles BLOB NOT NULL,
        lease_ns INTEGER NOT NULL,
        started_at_unix_ns INTEGER NOT NULL,
        expires_at_unix_ns INTEGER NOT NULL
      ) WITHOUT ROWID;
      CREATE TABLE policy (
        only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
        max_concurrent_models INTEGER NOT NULL,
        switching_timeout_ns INTEGER NOT NULL,
        resource_aware_switching INTEGER NOT NULL,
        predictive_preloading INTEGER NOT NULL,
        max_concurrent_loads INTEGER NOT NULL
      );
      CREATE TABLE learned (
        only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
        version INTEGER NOT NULL,
        checksum INTEGER NOT NULL,
        snapshot BLOB NOT NULL
      );
      CREATE TABLE learned_set_aside (
        number INTEGER PRIMARY KEY,
        set_aside_at TEXT NOT NULL DEFAULT (datetime('now')),
        reason TEXT NOT NULL,
        version INTEGER NOT NULL,
        checksum INTEGER NOT NULL,
        snapshot BLOB NOT NULL
      );
      CREATE TABLE events (
        sequence INTEGER PRIMARY KEY,
        id TEXT NOT NULL,
        type TEXT NOT NULL,
        source TEXT NOT NULL,
        timestamp_unix_ns INTEGER NOT NULL,
        data_json TEXT NOT NULL,
        metadata BLOB NOT NULL
      );
    )sql",
    R"sql(
      CREATE TABLE engines (
        endpoint TEXT PRIMARY KEY,
        id TEXT NOT NULL,
        kind TEXT NOT NULL,
        token_file TEXT NOT NULL,
        is_removed INTEGER NOT NULL
      ) WITHOUT ROWID;
    )sql",
    // Version 2 counted cold loads only. Of other engines than `files` it took
    // for granted that every load was one.
    R"sql(
      ALTER TABLE measurements RENAME COLUMN load_count TO cold_load_count;
      ALTER TABLE measurements RENAME COLUMN load_time_ns TO cold_load_ns;
      ALTER TABLE measurements
        ADD COLUMN warm_load_count INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE measurements
        ADD COLUMN warm_load_ns INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE measurements
        ADD COLUMN other_load_count INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE measurements
        ADD COLUMN other_load_ns INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE measurements
        ADD COLUMN first_answer_count INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE measurements
        ADD COLUMN first_answer_ns INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE measurements
        ADD COLUMN memory_count INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE measurements
        ADD COLUMN peak_bytes INTEGER NOT NULL DEFAULT 0;
      UPDATE measurements SET memory_count = max(cold_load_count, 1)
        WHERE steady_bytes > 0;
      UPDATE measurements SET
        other_load_count = cold_load_count, other_load_ns = cold_load_ns,
        cold_load_count = 0, cold_load_ns = 0
        WHERE model_id IN (SELECT id FROM models WHERE engine <> 'files');
    )sql",
    // Compressed with zstd, which knows when it is damaged.
    R"sql(
      CREATE TABLE foresight (
        only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
        state BLOB NOT NULL
      );
    )sql",
    // In order of time, for it is read and pruned so.
    R"sql(
      CREATE TABLE uses (
        at_unix_ns INTEGER NOT NULL,
        number INTEGER NOT NULL,
        kind TEXT NOT NULL,
        user TEXT NOT NULL,
        name TEXT NOT NULL,
        PRIMARY KEY (at_unix_ns, number)
      ) WITHOUT ROWID;
    )sql",
    // Of a predictor that is no more: foresight learned the same.
    R"sql(
      DROP TABLE learned;
      DROP TABLE learned_set_aside;
    )sql",
    "ALTER TABLE policy ADD COLUMN memory_price REAL NOT NULL DEFAULT 0;",
};

absl::Status Refuse(const std::string& path, const std::string& why) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "STORE_SCHEMA",
                   absl::StrCat("store ", path, " ", why), {{"path", path}});
}

absl::Status CheckIsOurs(Database& database, const std::string& path) {
  WARMUP_ASSIGN_OR_RETURN(const int64_t application_id,
                          database.QueryInt("PRAGMA application_id"));
  if (application_id == kApplicationId) return absl::OkStatus();
  WARMUP_ASSIGN_OR_RETURN(
      const int64_t tables,
      database.QueryInt("SELECT count(*) FROM sqlite_schema"));
  if (application_id == 0 && tables == 0) return absl::OkStatus();
  return Refuse(path, "is a database of another program: name another path");
}

absl::Status Migrate(Database& database, int64_t version) {
  for (; version < kSchemaVersion; ++version) {
    WARMUP_ASSIGN_OR_RETURN(const auto transaction,
                            Transaction::Begin(database));
    WARMUP_RETURN_IF_ERROR(database.Execute(kMigrations[version]));
    WARMUP_RETURN_IF_ERROR(database.Execute(
        absl::StrCat("PRAGMA application_id = ", kApplicationId,
                     "; PRAGMA user_version = ", version + 1)));
    WARMUP_RETURN_IF_ERROR(transaction->Commit());
  }
  return absl::OkStatus();
}

}  // namespace

const int kSchemaVersion = static_cast<int>(std::size(kMigrations));

absl::Status PrepareSchema(Database& database, const std::string& path) {
  WARMUP_RETURN_IF_ERROR(CheckIsOurs(database, path));
  WARMUP_ASSIGN_OR_RETURN(const int64_t version,
                          database.QueryInt("PRAGMA user_version"));
  if (version > kSchemaVersion) {
    return Refuse(path,
                  absl::StrCat("has schema version ", version,
                               ", this daemon knows up to ", kSchemaVersion,
                               ": start a newer daemon or name another path"));
  }
  // WAL with synchronous=NORMAL: a commit is one write to the log without a
  // flush. What was committed survives the end of this process, kill -9
  // included, because the kernel has the bytes. A power cut or a kernel crash
  // may lose the last commits, never the order or the consistency of those
  // before. FULL would flush at each commit (milliseconds an RPC).
  WARMUP_RETURN_IF_ERROR(
      database.Execute("PRAGMA journal_mode = WAL;"
                       "PRAGMA synchronous = NORMAL;"
                       "PRAGMA journal_size_limit = 8388608;"
                       "PRAGMA cell_size_check = ON;"
                       "PRAGMA temp_store = MEMORY"));
  return Migrate(database, version);
}

}  // namespace warmup
