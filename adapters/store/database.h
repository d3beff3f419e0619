#ifndef WARMUP_ADAPTERS_STORE_DATABASE_H_
#define WARMUP_ADAPTERS_STORE_DATABASE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct sqlite3;
struct sqlite3_stmt;

namespace warmup {

// One prepared statement. Bind 1..n in order, then Run or Next; both leave it
// ready for the next use. Not thread-safe; the Database outlives it.
class Statement {
 public:
  Statement(sqlite3* database, sqlite3_stmt* statement);

  // Text and blobs are borrowed until the statement was run.
  Statement& Bind(std::string_view text);
  Statement& Bind(int64_t number);
  Statement& BindReal(double number);
  Statement& BindBlob(std::string_view bytes);

  // Runs a statement that returns no rows, or whose rows do not matter.
  absl::Status Run();
  // The next row: false at the end.
  absl::StatusOr<bool> Next();

  // Of the present row, by column from 0. A NULL or another type reads as
  // SQLite converts it.
  std::string Text(int column) const;
  std::string Blob(int column) const;
  int64_t Int(int column) const;
  double Real(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  void Note(int code);
  void Reset();

  sqlite3* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int next_parameter_ = 1;
  int bind_error_ = 0;
};

// One connection. Not thread-safe.
class Database {
 public:
  // Opens or creates the file for reading and writing by its owner only.
  static absl::StatusOr<Database> Open(const std::string& path);
  // A file that is there, beside whoever writes it (WAL).
  static absl::StatusOr<Database> OpenToRead(const std::string& path);

  absl::StatusOr<Statement> Prepare(std::string_view sql);
  absl::Status Execute(const std::string& sql);
  // The single number that a query gives.
  absl::StatusOr<int64_t> QueryInt(std::string_view sql);
  // Whether a transaction is open: some errors end one on their own.
  bool IsInTransaction() const;

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  explicit Database(sqlite3* database) : database_(database) {}
  static absl::StatusOr<Database> Connect(const std::string& path, int flag);

  std::unique_ptr<sqlite3, Close> database_;
};

// Rolls back unless committed.
class Transaction {
 public:
  static absl::StatusOr<std::unique_ptr<Transaction>> Begin(Database& database);
  ~Transaction();
  absl::Status Commit();

 private:
  explicit Transaction(Database& database) : database_(database) {}

  Database& database_;
};

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_STORE_DATABASE_H_
