#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "adapters/store/database.h"
#include "adapters/store/sqlite_store.h"
#include "tests/adapters/store/store_fixture.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

namespace fs = std::filesystem;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

// A closed store with something of everything in it.
std::string MakeStoreFile(const std::string& path) {
  {
    const auto store = MustOpen(path);
    std::vector<StoreChange> changes = {PutSession{MakeSession("s")},
                                        PutPolicy{}, PutForesight{"learned"}};
    for (int i = 0; i < 100; ++i) {
      changes.push_back(PutModel{MakeSpec("m" + std::to_string(i))});
      changes.push_back(AppendEvent{MakeEvent(static_cast<uint64_t>(i) + 1)});
    }
    MustCommit(*store, changes);
    MustCommit(*store, {DeleteModel{"m7"}});
  }
  return ReadFile(path);
}

TEST_CASE("SqliteStore: a file that is no database is set aside") {
  const TempFolder folder;
  const std::string path = folder.File("store.db");
  WriteFile(path, std::string(5000, 'x'));
  const auto store = MustOpen(path);
  const StoredState state = MustLoad(*store);
  CHECK(state.models.empty());
  REQUIRE(state.warnings.size() == 1);
  INFO(state.warnings[0]);
  CHECK(state.warnings[0].find(path) != std::string::npos);
  CHECK(state.warnings[0].find("set aside as " + path + ".corrupt-") !=
        std::string::npos);
  CHECK(folder.FilesWith("store.db.corrupt-").size() == 1);
  // Told once; works from then on.
  MustCommit(*store, {PutModel{MakeSpec("m")}});
  CHECK(MustLoad(*store).warnings.empty());
}

TEST_CASE("SqliteStore: tables that its version does not have are set aside") {
  for (const char* damage :
       {"ALTER TABLE measurements RENAME COLUMN peak_bytes TO peek_bytes",
        "DROP TABLE sessions", "PRAGMA user_version = 1"}) {
    INFO(damage);
    const TempFolder folder;
    const std::string path = folder.File("store.db");
    MustCommit(*MustOpen(path), {PutModel{MakeSpec("m")}});
    {
      auto database = Database::Open(path);
      REQUIRE(database.ok());
      REQUIRE(database->Execute(damage).ok());
    }
    const auto store = MustOpen(path);
    const StoredState state = MustLoad(*store);
    CHECK(state.models.empty());
    CHECK(state.warnings.size() == 1);
    CHECK(folder.FilesWith("store.db.corrupt-").size() == 1);
  }
}

TEST_CASE("SqliteStore: an earlier damaged file is not overwritten") {
  const TempFolder folder;
  const std::string path = folder.File("store.db");
  for (int i = 0; i < 3; ++i) {
    WriteFile(path, std::string(5000, static_cast<char>('a' + i)));
    MustLoad(*MustOpen(path));
  }
  CHECK(folder.FilesWith("store.db.corrupt-").size() == 3);
}

TEST_CASE("SqliteStore: a daemon starts whatever bytes are damaged") {
  const TempFolder folder;
  const std::string good = MakeStoreFile(folder.File("good.db"));
  std::mt19937_64 random(20240607);
  int set_aside = 0;
  for (int round = 0; round < 150; ++round) {
    INFO("round " << round);
    std::string bad = good;
    const size_t length = size_t{1} << (random() % 9);
    const size_t offset = random() % (bad.size() - length);
    for (size_t i = offset; i < offset + length; ++i) {
      bad[i] = static_cast<char>(random());
    }
    if (round % 5 == 0) bad.resize(random() % bad.size());
    const std::string path = folder.File("bad" + std::to_string(round) + ".db");
    WriteFile(path, bad);
    auto store = SqliteStore::Open(path);
    if (!store.ok()) {
      // Damage may look like a newer schema or a foreign database: those are
      // refused, with the file untouched.
      INFO(store.status().ToString());
      REQUIRE(store.status().code() == absl::StatusCode::kFailedPrecondition);
      REQUIRE(ReadFile(path) == bad);
      continue;
    }
    const auto state = (*store)->Load();
    INFO(state.status().ToString());
    REQUIRE(state.ok());
    REQUIRE(state->models.size() <= 100);
    for (const std::string& warning : state->warnings) {
      if (warning.find(".corrupt-") != std::string::npos) ++set_aside;
    }
    MustCommit(**store, {PutModel{MakeSpec("after")}});
    bool is_there = false;
    for (const auto& model : MustLoad(**store).models) {
      is_there = is_there || model.spec.id == "after";
    }
    REQUIRE(is_there);
  }
  CHECK(set_aside > 10);
}

TEST_CASE("SqliteStore: a log cut short loses its end, not its beginning") {
  const TempFolder folder;
  const std::string path = folder.File("store.db");
  auto store = MustOpen(path);
  MustCommit(*store, {PutModel{MakeSpec("first")}});
  const auto first_commit = fs::file_size(path + "-wal");
  MustCommit(*store, {PutModel{MakeSpec("second")}});
  const std::string database = ReadFile(path);
  const std::string log = ReadFile(path + "-wal");
  store.reset();
  for (size_t size = log.size(); size > 0;
       size -= std::min<size_t>(size, 997)) {
    INFO("log of " << size << " bytes");
    const std::string copy = folder.File("cut" + std::to_string(size) + ".db");
    WriteFile(copy, database);
    WriteFile(copy + "-wal", log.substr(0, size));
    const auto cut = MustOpen(copy);
    const StoredState state = MustLoad(*cut);
    if (size >= first_commit) {
      REQUIRE_FALSE(state.models.empty());
      CHECK(state.models[0].spec == MakeSpec("first"));
    }
    CHECK(state.warnings.empty());
    CHECK(state.models.size() == (size == log.size()     ? 2u
                                  : size >= first_commit ? 1u
                                                         : 0u));
  }
}

TEST_CASE(
    "SqliteStore: foresight that is damaged is left out, the rest stays") {
  const TempFolder folder;
  const std::string path = folder.File("store.db");
  // Larger than what a page takes, and no text.
  std::string learned(100'000, '\0');
  for (size_t i = 0; i < learned.size(); i += 7) {
    learned[i] = static_cast<char>(i % 251);
  }
  MustCommit(*MustOpen(path), {PutModel{MakeSpec("m")}, PutForesight{learned}});
  CHECK(MustLoad(*MustOpen(path)).foresight == learned);
  for (const char* damage :
       {"x''", "x'00'", "substr(state, 1, length(state) / 2)",
        "CAST(substr(state, 1, length(state) - 1) || x'00' AS BLOB)"}) {
    CAPTURE(damage);
    MustCommit(*MustOpen(path), {PutForesight{learned}});
    {
      auto database = Database::Open(path);
      REQUIRE(database.ok());
      REQUIRE(
          database
              ->Execute(absl::StrCat("UPDATE foresight SET state = ", damage))
              .ok());
    }
    const StoredState state = MustLoad(*MustOpen(path));
    CHECK_FALSE(state.foresight.has_value());
    CHECK(state.models.size() == 1);
    REQUIRE(state.warnings.size() == 1);
    CHECK_THAT(state.warnings[0], Catch::Contains("it begins anew"));
  }
}

TEST_CASE("SqliteStore: measurements that nobody wrote count as none") {
  for (const char* damage :
       {"cold_load_count = -1", "warm_load_ns = -1", "other_load_count = -7",
        "first_answer_ns = 9223372036854775807", "memory_count = -1",
        "steady_bytes = -5", "peak_bytes = 9223372036854775807"}) {
    INFO(damage);
    const TempFolder folder;
    const std::string path = folder.File("store.db");
    MustCommit(*MustOpen(path), {PutModel{MakeSpec("m")},
                                 PutMeasurements{"m", MakeMeasurements()}});
    {
      auto database = Database::Open(path);
      REQUIRE(database.ok());
      REQUIRE(
          database->Execute(std::string("UPDATE measurements SET ") + damage)
              .ok());
    }
    const StoredState state = MustLoad(*MustOpen(path));
    REQUIRE(state.models.size() == 1);
    CHECK(state.models[0].spec == MakeSpec("m"));
    CHECK(state.models[0].measurements == ModelMeasurements{});
  }
}

TEST_CASE("SqliteStore: rows that nobody wrote are left out and told") {
  const TempFolder folder;
  const std::string path = folder.File("store.db");
  MustCommit(*MustOpen(path),
             {PutModel{MakeSpec("good")}, PutModel{MakeSpec("bad")},
              PutSession{MakeSession("s")}, PutPolicy{}});
  {
    auto database = Database::Open(path);
    REQUIRE(database.ok());
    REQUIRE(database
                ->Execute("UPDATE models SET size_bytes = -5 WHERE id = 'bad';"
                          "UPDATE sessions SET roles = x'ffff';"
                          "UPDATE policy SET max_concurrent_loads = 0")
                .ok());
  }
  const StoredState state = MustLoad(*MustOpen(path));
  REQUIRE(state.models.size() == 1);
  CHECK(state.models[0].spec.id == "good");
  CHECK(state.sessions.empty());
  CHECK_FALSE(state.policy.has_value());
  CHECK(state.warnings.size() == 3);
}

}  // namespace
}  // namespace warmup
