#include "adapters/store/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "adapters/store/sqlite_status.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace warmup {
namespace {

constexpr int kBusyTimeoutMs = 1000;

// SQLite would create it with the umask's permissions, and gives the same
// ones to the files it puts beside.
absl::Status EnsureFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    const int error = errno;
    return MakeError(
        error == ENOSPC ? absl::StatusCode::kResourceExhausted
                        : absl::StatusCode::kUnavailable,
        "STORE_OPEN",
        absl::StrCat("store ", path, ": cannot open: ", std::strerror(error)),
        {{"path", path}});
  }
  // Nobody holds locks of this process on the file yet, so closing it here
  // cannot drop any.
  close(fd);
  return absl::OkStatus();
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Statement::Statement(sqlite3* database, sqlite3_stmt* statement)
    : database_(database), statement_(statement) {}

void Statement::Note(int code) {
  if (bind_error_ == SQLITE_OK) bind_error_ = code;
}

Statement& Statement::Bind(std::string_view text) {
  Note(sqlite3_bind_text64(statement_.get(), next_parameter_++,
                           text.data() == nullptr ? "" : text.data(),
                           text.size(), SQLITE_STATIC, SQLITE_UTF8));
  return *this;
}

Statement& Statement::Bind(int64_t number) {
  Note(sqlite3_bind_int64(statement_.get(), next_parameter_++, number));
  return *this;
}

Statement& Statement::BindReal(double number) {
  Note(sqlite3_bind_double(statement_.get(), next_parameter_++, number));
  return *this;
}

Statement& Statement::BindBlob(std::string_view bytes) {
  Note(sqlite3_bind_blob64(statement_.get(), next_parameter_++,
                           bytes.data() == nullptr ? "" : bytes.data(),
                           bytes.size(), SQLITE_STATIC));
  return *this;
}

void Statement::Reset() {
  sqlite3_reset(statement_.get());
  next_parameter_ = 1;
  bind_error_ = SQLITE_OK;
}

absl::StatusOr<bool> Statement::Next() {
  errno = 0;
  int code = bind_error_;
  if (code == SQLITE_OK) {
    code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) return true;
  }
  absl::Status status = absl::OkStatus();
  if (code != SQLITE_DONE) {
    status = SqliteStatus(code, sqlite3_sql(statement_.get()), database_);
  }
  Reset();
  if (!status.ok()) return status;
  return false;
}

absl::Status Statement::Run() {
  const absl::Status status = Next().status();
  Reset();
  return status;
}

std::string Statement::Text(int column) const {
  const auto* text = reinterpret_cast<const char*>(
      sqlite3_column_text(statement_.get(), column));
  if (text == nullptr) return "";
  return {text,
          static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

std::string Statement::Blob(int column) const {
  const auto* bytes =
      static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  if (bytes == nullptr) return "";
  return {bytes,
          static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

int64_t Statement::Int(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

double Statement::Real(int column) const {
  return sqlite3_column_double(statement_.get(), column);
}

void Database::Close::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);
}

absl::StatusOr<Database> Database::Open(const std::string& path) {
  WARMUP_RETURN_IF_ERROR(EnsureFile(path));
  return Connect(path, SQLITE_OPEN_READWRITE);
}

absl::StatusOr<Database> Database::OpenToRead(const std::string& path) {
  return Connect(path, SQLITE_OPEN_READONLY);
}

absl::StatusOr<Database> Database::Connect(const std::string& path, int flag) {
  errno = 0;
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle,
                                   flag | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(handle);
  if (code != SQLITE_OK) return SqliteStatus(code, "cannot open", handle);
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  // A damaged or foreign file must not run code of its own in here.
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  return database;
}

absl::StatusOr<Statement> Database::Prepare(std::string_view sql) {
  errno = 0;
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(
      database_.get(), sql.data(), static_cast<int>(sql.size()),
      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return SqliteStatus(code, sql, database_.get());
  return Statement(database_.get(), statement);
}

absl::Status Database::Execute(const std::string& sql) {
  constexpr size_t kEnoughToKnow = 60;
  errno = 0;
  const int code =
      sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  return SqliteStatus(code, std::string_view(sql).substr(0, kEnoughToKnow),
                      database_.get());
}

absl::StatusOr<int64_t> Database::QueryInt(std::string_view sql) {
  WARMUP_ASSIGN_OR_RETURN(Statement statement, Prepare(sql));
  WARMUP_ASSIGN_OR_RETURN(const bool has_row, statement.Next());
  return has_row ? statement.Int(0) : 0;
}

bool Database::IsInTransaction() const {
  return sqlite3_get_autocommit(database_.get()) == 0;
}

absl::StatusOr<std::unique_ptr<Transaction>> Transaction::Begin(
    Database& database) {
  WARMUP_RETURN_IF_ERROR(database.Execute("BEGIN IMMEDIATE"));
  return std::unique_ptr<Transaction>(new Transaction(database));
}

Transaction::~Transaction() {
  if (database_.IsInTransaction()) {
    // Nothing is left to do if even this fails: the file keeps the old state.
    database_.Execute("ROLLBACK").IgnoreError();
  }
}

absl::Status Transaction::Commit() { return database_.Execute("COMMIT"); }

}  // namespace warmup
