#include "adapters/store/sqlite_store.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "adapters/store/schema.h"
#include "adapters/store/sqlite_status.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace warmup {
namespace {

namespace fs = std::filesystem;

// What lies in the store is nobody else's business.
absl::Status MakeFolders(const fs::path& folder) {
  if (folder.empty() || mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) {
    return absl::OkStatus();
  }
  if (errno == ENOENT) {
    WARMUP_RETURN_IF_ERROR(MakeFolders(folder.parent_path()));
    if (mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) {
      return absl::OkStatus();
    }
  }
  const int error = errno;
  return MakeError(error == ENOSPC ? absl::StatusCode::kResourceExhausted
                                   : absl::StatusCode::kUnavailable,
                   "STORE_OPEN",
                   absl::StrCat("store: cannot make the folder ",
                                folder.string(), ": ", std::strerror(error)),
                   {{"path", folder.string()}});
}

// A name that is free, so that an earlier damaged store is not overwritten.
std::string AsideName(const std::string& path) {
  const std::string name = absl::StrCat(
      path, ".corrupt-",
      absl::FormatTime("%Y%m%dT%H%M%SZ", absl::Now(), absl::UTCTimeZone()));
  std::string free = name;
  for (int i = 2; fs::exists(free); ++i) free = absl::StrCat(name, "-", i);
  return free;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteStore>> SqliteStore::Open(
    const std::string& path) {
  WARMUP_RETURN_IF_ERROR(MakeFolders(fs::path(path).parent_path()));
  // One lock for one file, by whatever name it is reached.
  std::error_code error;
  const fs::path canonical = fs::weakly_canonical(path, error);
  const std::string real_path = error ? path : canonical.string();
  WARMUP_ASSIGN_OR_RETURN(auto lock, StoreLock::Acquire(real_path));
  std::unique_ptr<SqliteStore> store(
      new SqliteStore(real_path, std::move(lock)));
  WARMUP_RETURN_IF_ERROR(store->OpenDatabase());
  return store;
}

absl::Status SqliteStore::OpenDatabase() {
  const absl::Status status = Connect();
  return IsCorrupt(status) ? SetAside(status) : status;
}

absl::Status SqliteStore::Connect() {
  WARMUP_ASSIGN_OR_RETURN(Database database, Database::Open(path_));
  database_ = std::make_unique<Database>(std::move(database));
  WARMUP_RETURN_IF_ERROR(PrepareSchema(*database_, path_));
  WARMUP_ASSIGN_OR_RETURN(writer_, TableWriter::Create(*database_));
  return absl::OkStatus();
}

absl::Status SqliteStore::SetAside(const absl::Status& damage) {
  writer_.reset();
  database_.reset();
  const std::string aside = AsideName(path_);
  std::error_code error;
  fs::rename(path_, aside, error);
  if (error) {
    return MakeError(absl::StatusCode::kDataLoss, "STORE_CORRUPT",
                     absl::StrCat(damage.message(), "; cannot rename it to ",
                                  aside, ": ", error.message()),
                     {{"path", path_}});
  }
  // The log belongs to the damaged file: beside the new one it would be
  // played into it.
  fs::rename(path_ + "-wal", aside + "-wal", error);
  fs::remove(path_ + "-wal", error);
  fs::remove(path_ + "-shm", error);
  warnings_.push_back(absl::StrCat(damage.message(), ": set aside as ", aside,
                                   "; starting empty"));
  return Connect();
}

absl::Status SqliteStore::CheckIsOpen() const {
  if (writer_ != nullptr) return absl::OkStatus();
  return MakeError(absl::StatusCode::kUnavailable, "STORE_IO",
                   absl::StrCat("store ", path_, " could not be opened"),
                   {{"path", path_}});
}

absl::StatusOr<StoredState> SqliteStore::CheckAndRead() {
  // Finds what reading every row does not: a page used twice, a broken list
  // of free pages. Would otherwise fail some commit.
  WARMUP_ASSIGN_OR_RETURN(Statement check,
                          database_->Prepare("PRAGMA quick_check(1)"));
  WARMUP_ASSIGN_OR_RETURN(const bool has_row, check.Next());
  const std::string verdict = has_row ? check.Text(0) : "no answer";
  if (verdict != "ok") {
    return MakeError(absl::StatusCode::kDataLoss, "STORE_CORRUPT",
                     absl::StrCat("store ", path_, " is damaged: ", verdict),
                     {{"path", path_}});
  }
  WARMUP_ASSIGN_OR_RETURN(const bool has_more, check.Next());
  static_cast<void>(has_more);
  return ReadTables(*database_);
}

absl::StatusOr<StoredState> SqliteStore::Load() {
  WARMUP_RETURN_IF_ERROR(CheckIsOpen());
  absl::StatusOr<StoredState> state = CheckAndRead();
  if (IsCorrupt(state.status())) {
    WARMUP_RETURN_IF_ERROR(SetAside(state.status()));
    state = CheckAndRead();
  }
  WARMUP_RETURN_IF_ERROR(state.status());
  state->warnings.insert(state->warnings.begin(), warnings_.begin(),
                         warnings_.end());
  warnings_.clear();
  return state;
}

absl::Status SqliteStore::Commit(const std::vector<StoreChange>& changes) {
  WARMUP_RETURN_IF_ERROR(CheckIsOpen());
  WARMUP_ASSIGN_OR_RETURN(const auto transaction,
                          Transaction::Begin(*database_));
  bool has_events = false;
  int64_t uses = 0;
  for (const StoreChange& change : changes) {
    WARMUP_RETURN_IF_ERROR(writer_->Write(change));
    has_events = has_events || std::holds_alternative<AppendEvent>(change);
    uses += std::holds_alternative<AppendUse>(change) ? 1 : 0;
  }
  if (has_events) WARMUP_RETURN_IF_ERROR(writer_->TrimEvents());
  if (uses > 0) WARMUP_RETURN_IF_ERROR(writer_->TrimUses(uses));
  return transaction->Commit();
}

}  // namespace warmup
