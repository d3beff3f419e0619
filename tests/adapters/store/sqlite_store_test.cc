#include "adapters/store/sqlite_store.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "adapters/store/database.h"
#include "adapters/store/schema.h"
#include "core/base/limits.h"
#include "tests/adapters/store/store_fixture.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

TEST_CASE("SqliteStore: a new store is empty") {
  const TempFolder folder;
  const auto store = MustOpen(folder.File("a/b/store.db"));
  const StoredState state = MustLoad(*store);
  CHECK(state.models.empty());
  CHECK(state.sessions.empty());
  CHECK_FALSE(state.policy.has_value());
  CHECK_FALSE(state.foresight.has_value());
  CHECK(state.events.empty());
  CHECK(state.last_event_sequence == 0);
  CHECK(state.warnings.empty());
}

TEST_CASE("SqliteStore: only its owner can read it") {
  const TempFolder folder;
  const auto store = MustOpen(folder.File("a/b/store.db"));
  MustCommit(*store, {PutModel{MakeSpec("m")}});
  const auto mode = [&folder](const std::string& name) {
    struct stat info{};
    REQUIRE(stat(folder.File(name).c_str(), &info) == 0);
    return info.st_mode & 0777;
  };
  CHECK(mode("a") == 0700);
  CHECK(mode("a/b") == 0700);
  CHECK(mode("a/b/store.db") == 0600);
  CHECK(mode("a/b/store.db-wal") == 0600);
}

TEST_CASE("SqliteStore: everything comes back after a restart") {
  const TempFolder folder;
  const std::string path = folder.File("store.db");
  const ModelMeasurements measured = MakeMeasurements();
  SwitchingPolicy policy;
  policy.max_concurrent_models = 4;
  policy.switching_timeout = absl::Milliseconds(1500);
  policy.resource_aware_switching = false;
  policy.predictive_preloading = false;
  policy.max_concurrent_loads = 3;
  policy.memory_price = 0.1;
  {
    const auto store = MustOpen(path);
    MustCommit(*store,
               {PutModel{MakeSpec("m")}, PutMeasurements{"m", measured},
                PutModel{MakeSpec("n")}, PutSession{MakeSession("s")},
                PutPolicy{policy}, PutForesight{"learned"},
                AppendEvent{MakeEvent(41)}, AppendEvent{MakeEvent(42)}});
  }
  const auto store = MustOpen(path);
  const StoredState state = MustLoad(*store);
  REQUIRE(state.models.size() == 2);
  CHECK(state.models[0].spec == MakeSpec("m"));
  CHECK(state.models[0].measurements == measured);
  CHECK(state.models[1].spec == MakeSpec("n"));
  CHECK(state.models[1].measurements == ModelMeasurements{});
  REQUIRE(state.sessions.size() == 1);
  CHECK(state.sessions[0] == MakeSession("s"));
  CHECK(state.policy == policy);
  CHECK(state.foresight == "learned");
  REQUIRE(state.events.size() == 2);
  CHECK(state.events[0] == MakeEvent(41));
  CHECK(state.last_event_sequence == 42);
  CHECK(state.warnings.empty());
}

TEST_CASE("SqliteStore: the newest of several changes holds") {
  const TempFolder folder;
  const auto store = MustOpen(folder.File("store.db"));
  ModelSpec changed = MakeSpec("m");
  changed.labels = {};
  changed.revision = 4;
  MustCommit(*store, {PutModel{MakeSpec("m")}, PutModel{changed}});
  CHECK(MustLoad(*store).models[0].spec == changed);
  MustCommit(*store, {PutMeasurements{"m", MakeMeasurements()},
                      PutSession{MakeSession("s")}, DeleteModel{"m"},
                      DeleteSession{"s"}, DeleteModel{"unknown"}});
  CHECK(MustLoad(*store).models.empty());
  CHECK(MustLoad(*store).sessions.empty());
  // What was measured went with the model, and is not taken for another.
  MustCommit(*store, {PutMeasurements{"m", MakeMeasurements()}});
  MustCommit(*store, {PutModel{changed}});
  CHECK(MustLoad(*store).models[0].measurements == ModelMeasurements{});
}

TEST_CASE("SqliteStore: keeps the newest events only") {
  const TempFolder folder;
  const auto store = MustOpen(folder.File("store.db"));
  std::vector<StoreChange> changes;
  for (uint64_t i = 1; i <= limits::kStoredEvents + 10; ++i) {
    changes.push_back(AppendEvent{MakeEvent(2 * i)});
  }
  MustCommit(*store, changes);
  StoredState state = MustLoad(*store);
  REQUIRE(state.events.size() == limits::kStoredEvents);
  CHECK(state.events.front().sequence == 22);
  MustCommit(*store, {AppendEvent{MakeEvent(9000)}});
  state = MustLoad(*store);
  CHECK(state.events.size() == limits::kStoredEvents);
  CHECK(state.last_event_sequence == 9000);
}

TEST_CASE("SqliteStore: a second owner is refused in one clear line") {
  const TempFolder folder;
  const std::string path = folder.File("store.db");
  const auto store = MustOpen(path);
  const absl::Status refused = SqliteStore::Open(path).status();
  CHECK(refused.code() == absl::StatusCode::kFailedPrecondition);
  CHECK(refused.message() ==
        "store " + path + " is in use by process " + std::to_string(getpid()));
  // By another name too.
  const std::string link = folder.File("link.db");
  std::filesystem::create_symlink(path, link);
  CHECK(SqliteStore::Open(link).status().code() ==
        absl::StatusCode::kFailedPrecondition);
  // The first is not disturbed.
  MustCommit(*store, {PutModel{MakeSpec("m")}});
}

TEST_CASE("SqliteStore: ownership ends with the process, however it ends") {
  const TempFolder folder;
  const std::string path = folder.File("store.db");
  int ready[2];
  REQUIRE(pipe(ready) == 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto store = SqliteStore::Open(path);
    const char answer = store.ok() ? 'y' : 'n';
    if (write(ready[1], &answer, 1) != 1) _exit(1);
    pause();
    _exit(0);
  }
  char answer = 0;
  REQUIRE(read(ready[0], &answer, 1) == 1);
  CHECK(answer == 'y');
  CHECK(SqliteStore::Open(path).status().message() ==
        "store " + path + " is in use by process " + std::to_string(child));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  CHECK(SqliteStore::Open(path).ok());
  close(ready[0]);
  close(ready[1]);
}

TEST_CASE("SqliteStore: keeps what was said of engines, by endpoint") {
  const TempFolder folder;
  const std::string path = folder.File("store.db");
  PutEngine far{.spec = {.id = "far",
                         .kind = "vllm",
                         .endpoint = "http://far:1",
                         .token_file = "/token"},
                .is_removed = false};
  PutEngine near = far;
  near.spec.endpoint = "http://near:1";
  MustCommit(*MustOpen(path), {far, near});
  near.is_removed = true;
  near.spec.id = "near";
  MustCommit(*MustOpen(path), {near});
  const std::vector<PutEngine> engines = MustLoad(*MustOpen(path)).engines;
  REQUIRE(engines.size() == 2);
  CHECK(engines[0].spec == far.spec);
  CHECK_FALSE(engines[0].is_removed);
  CHECK(engines[1].spec == near.spec);
  CHECK(engines[1].is_removed);
}

TEST_CASE("SqliteStore: a newer schema is refused and left as it is") {
  const TempFolder folder;
  const std::string path = folder.File("store.db");
  MustCommit(*MustOpen(path), {PutModel{MakeSpec("m")}});
  const auto set_version = [&path](int version) {
    auto database = Database::Open(path);
    REQUIRE(database.ok());
    REQUIRE(
        database->Execute("PRAGMA user_version = " + std::to_string(version))
            .ok());
  };
  set_version(kSchemaVersion + 1);
  const absl::Status refused = SqliteStore::Open(path).status();
  CHECK(refused.code() == absl::StatusCode::kFailedPrecondition);
  CHECK_THAT(std::string(refused.message()),
             Catch::Contains(
                 absl::StrCat("has schema version ", kSchemaVersion + 1,
                              ", this daemon knows up to ", kSchemaVersion)));
  CHECK(folder.FilesWith("corrupt").empty());
  set_version(kSchemaVersion);
  CHECK(MustLoad(*MustOpen(path)).models.size() == 1);
}

TEST_CASE("SqliteStore: another program's database is not touched") {
  const TempFolder folder;
  const std::string path = folder.File("other.db");
  {
    auto database = Database::Open(path);
    REQUIRE(database.ok());
    REQUIRE(database->Execute("CREATE TABLE photos (id)").ok());
  }
  CHECK(SqliteStore::Open(path).status().code() ==
        absl::StatusCode::kFailedPrecondition);
}

TEST_CASE("SqliteStore: paths that cannot be are refused") {
  const TempFolder folder;
  CHECK_FALSE(SqliteStore::Open("/proc/nowhere/store.db").ok());
  std::filesystem::create_directory(folder.File("is_a_folder"));
  CHECK_FALSE(SqliteStore::Open(folder.File("is_a_folder")).ok());
}

// Files of this process may not grow beyond `bytes` while it lives.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    old_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(getrlimit(RLIMIT_FSIZE, &old_limit_) == 0);
    rlimit limit = old_limit_;
    limit.rlim_cur = bytes;
    REQUIRE(setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &old_limit_);
    std::signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit old_limit_{};
  void (*old_handler_)(int) = nullptr;
};

std::vector<StoreChange> ManyModels(int count) {
  std::vector<StoreChange> changes;
  for (int i = 0; i < count; ++i) {
    changes.push_back(PutModel{MakeSpec("model-" + std::to_string(i))});
  }
  return changes;
}

TEST_CASE("SqliteStore: a full disk rolls back, and space brings it back") {
  const TempFolder folder;
  const std::string path = folder.File("store.db");
  auto store = MustOpen(path);
  MustCommit(*store, {PutModel{MakeSpec("before")}});
  absl::Status status;
  {
    const FullDisk full(65'536);
    status = store->Commit(ManyModels(2000));
  }
  INFO(status.ToString());
  CHECK(status.code() == absl::StatusCode::kResourceExhausted);
  CHECK(MustLoad(*store).models.size() == 1);
  MustCommit(*store, ManyModels(2000));
  CHECK(MustLoad(*store).models.size() == 2001);
  store.reset();
  CHECK(MustLoad(*MustOpen(path)).models.size() == 2001);
}

TEST_CASE("SqliteStore: many small commits on a full disk stay whole") {
  const TempFolder folder;
  auto store = MustOpen(folder.File("store.db"));
  MustLoad(*store);
  size_t committed = 0;
  size_t refused = 0;
  {
    const FullDisk full(262'144);
    for (int i = 0; i < 200; ++i) {
      const absl::Status status =
          store->Commit({PutModel{MakeSpec("a" + std::to_string(i))},
                         PutModel{MakeSpec("b" + std::to_string(i))}});
      ++(status.ok() ? committed : refused);
      if (!status.ok()) {
        REQUIRE(status.code() == absl::StatusCode::kResourceExhausted);
      }
    }
  }
  CHECK(committed > 0);
  CHECK(refused > 0);
  CHECK(MustLoad(*store).models.size() == 2 * committed);
}

TEST_CASE("SqliteStore: opens a thousand models in little time") {
  const TempFolder folder;
  const std::string path = folder.File("store.db");
  {
    const auto store = MustOpen(path);
    MustCommit(*store, ManyModels(1000));
    std::vector<StoreChange> events;
    for (uint64_t i = 1; i <= 1000; ++i) {
      events.push_back(AppendEvent{MakeEvent(i)});
    }
    MustCommit(*store, events);
  }
  const absl::Time start = absl::Now();
  CHECK(MustLoad(*MustOpen(path)).models.size() == 1000);
  // bench/ has the figure; this only stops what is out of all proportion.
  CHECK(absl::Now() - start < absl::Seconds(2));
  WARN("open and load: " << absl::FormatDuration(absl::Now() - start));
}

}  // namespace
}  // namespace warmup
