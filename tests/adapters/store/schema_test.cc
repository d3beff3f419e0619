#include "adapters/store/schema.h"

#include <string>

#include "adapters/store/database.h"
#include "tests/adapters/store/store_fixture.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

// The tables that changed since, as version 1 made them.
constexpr const char* kVersion1 = R"sql(
  CREATE TABLE models (
    id TEXT PRIMARY KEY, type TEXT NOT NULL, engine TEXT NOT NULL,
    source TEXT NOT NULL, device TEXT NOT NULL, priority TEXT NOT NULL,
    is_pinned INTEGER NOT NULL, size_bytes INTEGER NOT NULL,
    peak_bytes INTEGER NOT NULL, format TEXT NOT NULL,
    architecture TEXT NOT NULL, context_length INTEGER NOT NULL,
    labels BLOB NOT NULL, revision INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE measurements (
    model_id TEXT PRIMARY KEY, load_count INTEGER NOT NULL,
    load_time_ns INTEGER NOT NULL, steady_bytes INTEGER NOT NULL)
    WITHOUT ROWID;
  CREATE TABLE learned (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    version INTEGER NOT NULL, checksum INTEGER NOT NULL,
    snapshot BLOB NOT NULL);
  CREATE TABLE learned_set_aside (
    number INTEGER PRIMARY KEY,
    set_aside_at TEXT NOT NULL DEFAULT (datetime('now')),
    reason TEXT NOT NULL, version INTEGER NOT NULL,
    checksum INTEGER NOT NULL, snapshot BLOB NOT NULL);
  PRAGMA user_version = 1;
)sql";

// A store of version 1 with three models and what was measured of them.
void MakeVersion1(const std::string& path, const std::string& more) {
  {
    // Everything that did not change, as it is made today.
    const auto store = MustOpen(path);
  }
  auto database = Database::Open(path);
  REQUIRE(database.ok());
  const absl::Status made =
      database->Execute(std::string(
                            "DROP TABLE models; DROP TABLE measurements;"
                            "DROP TABLE engines; DROP TABLE uses;"
                            "DROP TABLE foresight;"
                            "ALTER TABLE policy DROP COLUMN memory_price;") +
                        kVersion1 +
                        R"sql(
        INSERT INTO models VALUES
          ('cold', 'chat', 'files', '/m', 'host', 'medium', 0, 100, 120, '',
           '', 0, x'', 1),
          ('never', 'chat', 'files', '/n', 'host', 'medium', 0, 100, 120, '',
           '', 0, x'', 1),
          ('theirs', 'chat', 'ollama', 'm', 'host', 'medium', 0, 100, 120, '',
           '', 0, x'', 1);
        INSERT INTO measurements VALUES
          ('cold', 3, 2000000000, 110), ('theirs', 5, 4000000000, 150);
      )sql" + more);
  INFO(made.ToString());
  REQUIRE(made.ok());
}

TEST_CASE("Schema: what version 1 measured is kept") {
  const TempFolder folder;
  const std::string path = folder.File("store.db");
  MakeVersion1(path, "");
  for (int i = 0; i < 2; ++i) {  // the second start finds nothing to do
    const StoredState state = MustLoad(*MustOpen(path));
    CHECK(state.warnings.empty());
    REQUIRE(state.models.size() == 3);
    CHECK(state.models[0].spec.peak_bytes == 120);
    CHECK(state.models[0].measurements ==
          ModelMeasurements{.cold_load = {3, absl::Seconds(2)},
                            .memory_count = 3,
                            .steady_bytes = 110});
    CHECK(state.models[1].measurements == ModelMeasurements{});
    // It took for granted that other engines read everything.
    CHECK(state.models[2].measurements ==
          ModelMeasurements{.other_load = {5, absl::Seconds(4)},
                            .memory_count = 5,
                            .steady_bytes = 150});
  }
  auto database = Database::Open(path);
  REQUIRE(database.ok());
  CHECK(*database->QueryInt("PRAGMA user_version") == kSchemaVersion);
}

TEST_CASE("Schema: what is measured after a migration is written") {
  const TempFolder folder;
  const std::string path = folder.File("store.db");
  MakeVersion1(path, "");
  MustCommit(*MustOpen(path), {PutMeasurements{"cold", MakeMeasurements()}});
  CHECK(MustLoad(*MustOpen(path)).models[0].measurements == MakeMeasurements());
}

TEST_CASE("Schema: what an older predictor has left is dropped") {
  const TempFolder folder;
  const std::string path = folder.File("store.db");
  MakeVersion1(path,
               "INSERT INTO learned VALUES (1, 1, 2, x'00');"
               "INSERT INTO learned_set_aside (reason, version, checksum,"
               " snapshot) VALUES ('r', 1, 2, x'00')");
  CHECK(MustLoad(*MustOpen(path)).warnings.empty());
  auto database = Database::Open(path);
  REQUIRE(database.ok());
  CHECK(*database->QueryInt("SELECT count(*) FROM sqlite_schema"
                            " WHERE name LIKE 'learned%'") == 0);
}

TEST_CASE("Schema: damaged measurements of version 1 count as none") {
  const TempFolder folder;
  const std::string path = folder.File("store.db");
  MakeVersion1(path,
               "UPDATE measurements SET load_count = -3, load_time_ns = 'x',"
               " steady_bytes = -1; INSERT INTO measurements VALUES"
               " ('nobody', 1, 1, 1)");
  const StoredState state = MustLoad(*MustOpen(path));
  REQUIRE(state.models.size() == 3);
  for (const StoredState::Model& model : state.models) {
    CHECK(model.measurements == ModelMeasurements{});
  }
}

}  // namespace
}  // namespace warmup
