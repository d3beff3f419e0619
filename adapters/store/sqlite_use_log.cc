#include "adapters/store/sqlite_use_log.h"

#include <optional>

#include "adapters/store/database.h"
#include "adapters/store/time_columns.h"
#include "core/base/limits.h"
#include "core/base/status_macros.h"
#include "core/model/model.h"

namespace warmup {
namespace {

std::optional<UseKind> FindKind(const std::string& name) {
  for (const UseKind kind :
       {UseKind::kUse, UseKind::kSession, UseKind::kHint, UseKind::kActivity}) {
    if (ToString(kind) == name) return kind;
  }
  return std::nullopt;
}

std::optional<UseRecord> ReadRow(const Statement& row) {
  const std::optional<UseKind> kind = FindKind(row.Text(2));
  UseRecord record{.at = TimeFromColumn(row.Int(0)),
                   .number = row.Int(1),
                   .kind = kind.value_or(UseKind::kUse),
                   .user = row.Text(3),
                   .name = row.Text(4)};
  const bool is_sane = kind.has_value() && record.at > absl::UnixEpoch() &&
                       record.at < absl::InfiniteFuture() &&
                       record.user.size() <= limits::kMaxIdBytes &&
                       ValidateId("name", record.name).ok();
  if (!is_sane) return std::nullopt;
  return record;
}

}  // namespace

absl::StatusOr<std::vector<UseRecord>> SqliteUseLog::Read(
    const UseQuery& query) {
  WARMUP_ASSIGN_OR_RETURN(Database database, Database::OpenToRead(path_));
  WARMUP_ASSIGN_OR_RETURN(
      Statement rows,
      database.Prepare("SELECT at_unix_ns, number, kind, user, name FROM uses"
                       " WHERE (at_unix_ns, number) > (?, ?)"
                       " AND at_unix_ns < ? AND (? OR kind = 'use')"
                       " ORDER BY at_unix_ns, number"));
  rows.Bind(ToColumn(query.after.at))
      .Bind(query.after.number)
      .Bind(ToColumn(query.until))
      .Bind(int64_t{query.has_context});
  std::vector<UseRecord> records;
  while (records.size() < query.max_count) {
    WARMUP_ASSIGN_OR_RETURN(const bool has_row, rows.Next());
    if (!has_row) break;
    if (std::optional<UseRecord> record = ReadRow(rows); record.has_value()) {
      records.push_back(*std::move(record));
    }
  }
  return records;
}

}  // namespace warmup
