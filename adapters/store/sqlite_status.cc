#include "adapters/store/sqlite_status.h"

#include <sqlite3.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace warmup {
namespace {

struct Kind {
  absl::StatusCode code;
  const char* reason;
};

Kind KindOf(int code, int system_error) {
  // SQLite says FULL for ENOSPC in most places and IOERR in the rest.
  if (system_error == ENOSPC || system_error == EDQUOT ||
      system_error == EFBIG) {
    return {absl::StatusCode::kResourceExhausted, "STORE_FULL"};
  }
  switch (code & 0xff) {
    case SQLITE_FULL:
      return {absl::StatusCode::kResourceExhausted, "STORE_FULL"};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {absl::StatusCode::kDataLoss, "STORE_CORRUPT"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {absl::StatusCode::kUnavailable, "STORE_BUSY"};
    case SQLITE_TOOBIG:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
      return {absl::StatusCode::kInvalidArgument, "STORE_VALUE"};
    default:
      return {absl::StatusCode::kUnavailable, "STORE_IO"};
  }
}

}  // namespace

absl::Status SqliteStatus(int code, std::string_view what, sqlite3* database) {
  const int last_errno = errno;
  if (code == SQLITE_OK) return absl::OkStatus();
  // Other errors may leave an errno that has nothing to do with them.
  const bool is_io =
      (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;
  const int system_error = is_io ? last_errno : 0;
  const Kind kind = KindOf(code, system_error);
  const char* path =
      database == nullptr ? nullptr : sqlite3_db_filename(database, "main");
  const std::string where = path == nullptr ? "" : path;
  std::string message =
      absl::StrCat("store", where.empty() ? "" : " ", where, ": ",
                   std::string(what), ": ", sqlite3_errstr(code));
  if (database != nullptr && sqlite3_extended_errcode(database) == code &&
      std::strcmp(sqlite3_errmsg(database), sqlite3_errstr(code)) != 0) {
    absl::StrAppend(&message, " (", sqlite3_errmsg(database), ")");
  }
  if (system_error != 0) {
    absl::StrAppend(&message, ": ", std::strerror(system_error));
  }
  return MakeError(kind.code, kind.reason, message,
                   {{"path", where}, {"sqlite_code", std::to_string(code)}});
}

bool IsCorrupt(const absl::Status& status) {
  if (status.code() == absl::StatusCode::kDataLoss) return true;
  const ErrorDetails details = GetErrorDetails(status);
  const auto code = details.metadata.find("sqlite_code");
  return code != details.metadata.end() &&
         code->second == std::to_string(SQLITE_ERROR);
}

}  // namespace warmup
