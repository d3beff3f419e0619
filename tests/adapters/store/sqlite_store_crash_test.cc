#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>
#include <string>

#include "adapters/store/sqlite_store.h"
#include "adapters/store/sqlite_use_log.h"
#include "tests/adapters/store/store_fixture.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

// Commits pairs of models from `first` on, for ever, and tells each one that
// was acknowledged.
[[noreturn]] void CommitUntilKilled(const std::string& path, int first,
                                    int acknowledged) {
  auto store = SqliteStore::Open(path);
  if (!store.ok() || !(*store)->Load().ok()) _exit(1);
  for (int i = first;; ++i) {
    const absl::Status status =
        (*store)->Commit({PutModel{MakeSpec("a" + std::to_string(i))},
                          PutModel{MakeSpec("b" + std::to_string(i))},
                          AppendEvent{MakeEvent(static_cast<uint64_t>(i) + 1)},
                          AppendUse{{absl::FromUnixSeconds(1'700'000'000),
                                     i + 1, UseKind::kUse, "ann", "m"}}});
    if (!status.ok() || write(acknowledged, &i, sizeof(i)) != sizeof(i)) {
      _exit(1);
    }
  }
}

TEST_CASE("SqliteStore: kill -9 loses nothing that was acknowledged") {
  const TempFolder folder;
  const std::string path = folder.File("store.db");
  std::mt19937 random(7);
  int last = -1;
  for (int round = 0; round < 15; ++round) {
    INFO("round " << round);
    int pipe_ends[2];
    REQUIRE(pipe(pipe_ends) == 0);
    const pid_t child = fork();
    if (child == 0) CommitUntilKilled(path, last + 1, pipe_ends[1]);
    close(pipe_ends[1]);
    // Killed after a random number of acknowledgements, wherever it is then.
    const int wanted = static_cast<int>(random() % 40) + 1;
    int number = -1;
    for (int i = 0; i < wanted; ++i) {
      REQUIRE(read(pipe_ends[0], &number, sizeof(number)) == sizeof(number));
      last = number;
    }
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    while (read(pipe_ends[0], &number, sizeof(number)) == sizeof(number)) {
      last = number;
    }
    close(pipe_ends[0]);

    const auto store = MustOpen(path);
    const StoredState state = MustLoad(*store);
    CHECK(state.warnings.empty());
    // One commit may have been done whose answer was cut off, whole or not at
    // all.
    const auto acknowledged = static_cast<size_t>(last) + 1;
    REQUIRE(state.models.size() % 2 == 0);
    REQUIRE(state.models.size() >= 2 * acknowledged);
    REQUIRE(state.models.size() <= 2 * acknowledged + 2);
    REQUIRE(state.last_event_sequence == state.models.size() / 2);
    const auto uses = SqliteUseLog(path).Read({.max_count = 1'000'000});
    REQUIRE(uses.ok());
    REQUIRE(uses->size() == state.models.size() / 2);
    last = static_cast<int>(state.models.size() / 2) - 1;
  }
}

}  // namespace
}  // namespace warmup
