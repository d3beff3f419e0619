#include "adapters/store/sqlite_use_log.h"

#include <string>
#include <vector>

#include "adapters/store/database.h"
#include "core/base/limits.h"
#include "tests/adapters/store/store_fixture.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

const absl::Time kStart = absl::FromUnixNanos(1'700'000'000'123'456'789);

AppendUse Use(int seconds, int64_t number, UseKind kind = UseKind::kUse) {
  return {{kStart + absl::Seconds(seconds), number, kind, "ann", "m:1b"}};
}

class LogFixture {
 public:
  void Commit(const std::vector<StoreChange>& changes) {
    MustCommit(*store_, changes);
  }
  // Their numbers.
  std::vector<int64_t> Read(UseQuery query) {
    if (query.max_count == 0) query.max_count = 1000;
    const auto records = log_.Read(query);
    INFO(records.status().ToString());
    REQUIRE(records.ok());
    std::vector<int64_t> numbers;
    for (const UseRecord& record : *records) numbers.push_back(record.number);
    return numbers;
  }
  void Execute(const std::string& sql) {
    auto database = Database::Open(path_);
    REQUIRE(database.ok());
    REQUIRE(database->Execute(sql).ok());
  }
  int64_t Count() {
    auto database = Database::OpenToRead(path_);
    REQUIRE(database.ok());
    return *database->QueryInt("SELECT count(*) FROM uses");
  }
  void Reopen() {
    store_.reset();
    store_ = MustOpen(path_);
  }

 protected:
  using Numbers = std::vector<int64_t>;
  const TempFolder folder_;
  const std::string path_ = folder_.File("store.db");
  std::unique_ptr<SqliteStore> store_ = MustOpen(path_);
  SqliteUseLog log_{path_};
};

TEST_CASE_METHOD(LogFixture, "SqliteUseLog: a record comes back as it was") {
  const UseRecord hint{kStart, 7, UseKind::kHint, "a, \"b\" c", "m"};
  Commit({AppendUse{hint}});
  Reopen();
  const auto records = log_.Read({.has_context = true, .max_count = 5});
  REQUIRE(records.ok());
  CHECK((*records == std::vector<UseRecord>{hint}));
}

TEST_CASE_METHOD(LogFixture,
                 "SqliteUseLog: in order of time, then as they came") {
  Commit({Use(5, 1), Use(3, 2), Use(5, 3), Use(4, 4)});
  CHECK(Read({}) == Numbers{2, 4, 1, 3});
}

TEST_CASE_METHOD(LogFixture, "SqliteUseLog: since, until, kinds, and parts") {
  Commit({Use(1, 1), Use(2, 2, UseKind::kActivity), Use(2, 3), Use(3, 4),
          Use(3, 5, UseKind::kSession)});
  const auto at = [](int seconds) { return kStart + absl::Seconds(seconds); };
  CHECK(Read({.has_context = true}) == Numbers{1, 2, 3, 4, 5});
  CHECK(Read({.after = {at(2)}}) == Numbers{3, 4});
  CHECK(Read({.until = at(3)}) == Numbers{1, 3});
  CHECK(Read({.after = {at(2)}, .until = at(3), .has_context = true}) ==
        Numbers{2, 3});
  CHECK(Read({.after = {at(2), 3}}) == Numbers{4});
  CHECK(Read({.has_context = true, .max_count = 2}) == Numbers{1, 2});
  CHECK(Read({.after = {at(2), 2}, .max_count = 1}) == Numbers{3});
  CHECK(Read({.after = {at(4)}}).empty());
}

TEST_CASE_METHOD(LogFixture, "SqliteUseLog: written twice it is there once") {
  Commit({Use(1, 1), Use(1, 2)});
  Commit({Use(1, 2), Use(2, 3)});
  CHECK(Read({}) == Numbers{1, 2, 3});
}

TEST_CASE_METHOD(LogFixture, "SqliteUseLog: it is read while it is written") {
  Commit({Use(1, 1)});
  auto writer = Database::Open(path_);
  REQUIRE(writer.ok());
  {
    const auto transaction = Transaction::Begin(*writer);
    REQUIRE(transaction.ok());
    REQUIRE(writer->Execute("DELETE FROM uses").ok());
    CHECK(Read({}) == Numbers{1});  // without waiting, as it was
  }
  Commit({Use(2, 2)});
  CHECK(Read({}) == Numbers{1, 2});
}

TEST_CASE_METHOD(LogFixture, "SqliteUseLog: damaged rows are left out") {
  Commit({Use(1, 1), Use(2, 2), Use(3, 3), Use(4, 4), Use(5, 5)});
  Execute(
      "UPDATE uses SET kind = 'x' WHERE number = 1;"
      "UPDATE uses SET name = 'two words' WHERE number = 2;"
      "UPDATE uses SET user = hex(zeroblob(200)) WHERE number = 3;"
      "UPDATE uses SET at_unix_ns = 9223372036854775807 WHERE number = 5");
  // Also of a part that they would fill: fewer would mean the end.
  CHECK(Read({.has_context = true, .max_count = 1}) == Numbers{4});
}

TEST_CASE_METHOD(LogFixture, "SqliteUseLog: without a file it says so") {
  SqliteUseLog nowhere(folder_.File("none.db"));
  const auto records = nowhere.Read({.max_count = 1});
  CHECK(absl::IsUnavailable(records.status()));
}

TEST_CASE_METHOD(LogFixture,
                 "SqliteStore: the oldest uses go, some time above the limit") {
  constexpr auto kLimit = static_cast<int64_t>(limits::kStoredUses);
  constexpr int64_t kSpare = kLimit / 100;
  Execute(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
      " WHERE i < " +
      std::to_string(kLimit + kSpare - 1) +
      ") INSERT INTO uses SELECT 1600000000000000000 + i, i, 'use', '', 'm'"
      " FROM n");
  Reopen();  // it counts what is there
  Commit({Use(1, kLimit * 2)});
  CHECK(Count() == kLimit + kSpare);
  Commit({Use(2, kLimit * 2 + 1)});
  CHECK(Count() == kLimit);
  CHECK(Read({.max_count = 1}) == Numbers{kSpare + 2});
  // From here on it is not looked at again for a while.
  Commit({Use(3, kLimit * 2 + 2)});
  CHECK(Count() == kLimit + 1);
}

}  // namespace
}  // namespace warmup
