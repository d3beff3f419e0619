#include "adapters/engines/llama_server/activity_watch.h"

#include <string>
#include <utility>
#include <vector>

#include "tests/support/catch.h"

namespace warmup::llama_server {
namespace {

using Marks = std::vector<int64_t>;

Shown Loaded(const std::string& id, int port, Marks marks) {
  return {.id = id,
          .status = ModelStatus::kLoaded,
          .port = port,
          .activity = Activity{.marks = std::move(marks)}};
}

Shown Unloaded(const std::string& id, int port) {
  return {.id = id, .status = ModelStatus::kUnloaded, .port = port};
}

// A watch that is shown one view after another, a second apart.
class Watched {
 public:
  void See(std::vector<Shown> models) {
    now_ += absl::Seconds(1);
    watch.Observe({.asked = now_, .models = std::move(models)});
  }
  absl::Time now() const { return now_; }

  ActivityWatch watch;

 private:
  absl::Time now_ = absl::FromUnixSeconds(1'000);
};

}  // namespace

TEST_CASE("ActivityWatch: a mark that moves is a use, told once") {
  Watched world;
  world.See({Loaded("a", 1, {7})});
  CHECK(world.watch.TakeUses("a") == 0);
  world.See({Loaded("a", 1, {7})});
  CHECK(world.watch.TakeUses("a") == 0);
  world.See({Loaded("a", 1, {14})});
  CHECK(world.watch.TakeUses("a") == 1);
  CHECK(world.watch.TakeUses("a") == 0);
  // Of two slots.
  world.See({Loaded("b", 2, {0, 4})});
  world.See({Loaded("b", 2, {5, 6})});
  CHECK(world.watch.TakeUses("b") == 3);
}

TEST_CASE("ActivityWatch: what was before the first view is no use") {
  Watched world;
  world.See({{.id = "a", .status = ModelStatus::kLoaded, .port = 1}});
  world.See({Loaded("a", 1, {7})});
  CHECK(world.watch.TakeUses("a") == 0);
  world.See({Loaded("a", 1, {8})});
  CHECK(world.watch.TakeUses("a") == 1);
  world.watch.Forget();
  world.See({Loaded("a", 1, {9})});
  CHECK(world.watch.TakeUses("a") == 0);
}

TEST_CASE("ActivityWatch: a process that began since counts from nothing") {
  Watched world;
  world.See({Unloaded("a", 0)});
  world.See({Loaded("a", 1, {0})});
  CHECK(world.watch.TakeUses("a") == 0);
  world.See({Unloaded("a", 1)});
  world.See({Loaded("a", 2, {7})});
  CHECK(world.watch.TakeUses("a") == 1);
  // Between two views, with a greater count than the one before.
  world.See({Loaded("a", 3, {0})});
  CHECK(world.watch.TakeUses("a") == 0);
  world.See({Loaded("a", 4, {8})});
  CHECK(world.watch.TakeUses("a") == 1);
}

TEST_CASE("ActivityWatch: a count that fell is a restart, and a use if any") {
  Watched world;
  world.See({Loaded("a", 0, {70})});
  world.See({Loaded("a", 0, {0})});
  CHECK(world.watch.TakeUses("a") == 0);
  world.See({Loaded("a", 0, {70})});
  CHECK(world.watch.TakeUses("a") == 1);
  world.See({Loaded("a", 0, {7})});
  CHECK(world.watch.TakeUses("a") == 1);
}

TEST_CASE("ActivityWatch: a question without an answer changes nothing") {
  Watched world;
  world.See({Loaded("a", 1, {7})});
  world.See({{.id = "a", .status = ModelStatus::kLoaded, .port = 1}});
  world.See({Loaded("a", 1, {7})});
  CHECK(world.watch.TakeUses("a") == 0);
}

TEST_CASE("ActivityWatch: one that went well and alone was unloaded by hand") {
  Watched world;
  world.See({Loaded("a", 1, {}), Loaded("b", 2, {})});
  world.See({Unloaded("a", 1), Loaded("b", 2, {})});
  CHECK(world.watch.TakeUnloaded("a"));
  CHECK_FALSE(world.watch.TakeUnloaded("a"));
  CHECK_FALSE(world.watch.TakeUnloaded("b"));
}

TEST_CASE("ActivityWatch: other ways to go are nobody's hand") {
  Watched world;
  world.See({Loaded("a", 1, {}), Loaded("b", 2, {}), Unloaded("c", 0)});
  Shown failed = Unloaded("a", 1);
  SECTION("its process was killed") {
    failed.has_failed = true;
    world.See({failed, Loaded("b", 2, {}), Unloaded("c", 0)});
  }
  SECTION("to make room") {
    world.See({Unloaded("a", 1), Loaded("b", 2, {}), Loaded("c", 3, {})});
  }
  SECTION("to make room for one that is loading") {
    world.See({Unloaded("a", 1),
               Loaded("b", 2, {}),
               {.id = "c", .status = ModelStatus::kLoading, .port = 3}});
  }
  SECTION("with its server, which began anew") {
    world.See({Unloaded("a", 0), Unloaded("b", 0), Unloaded("c", 0)});
  }
  SECTION("all at once") {
    world.See({Unloaded("a", 1), Unloaded("b", 2), Unloaded("c", 0)});
  }
  SECTION("from the list") {
    world.See({Loaded("b", 2, {}), Unloaded("c", 0)});
  }
  SECTION("it was us") {
    world.watch.BeginUnload("a");
    SECTION("seen meanwhile") {
      world.See({Unloaded("a", 1), Loaded("b", 2, {}), Unloaded("c", 0)});
      world.watch.EndUnload("a", true, world.now());
    }
    SECTION("seen after it") { world.watch.EndUnload("a", true, world.now()); }
    world.See({Unloaded("a", 1), Loaded("b", 2, {}), Unloaded("c", 0)});
  }
  CHECK_FALSE(world.watch.TakeUnloaded("a"));
}

TEST_CASE("ActivityWatch: one that was silent for long was told to end") {
  Watched world;
  Shown silent = Loaded("a", 1, {});
  silent.is_silent = true;
  Shown failed = Unloaded("a", 1);
  failed.has_failed = true;
  world.See({Loaded("a", 1, {})});
  world.See({silent});
  const bool is_heard_again = GENERATE(false, true);
  if (is_heard_again) {
    world.See({silent});
    world.See({Loaded("a", 1, {})});
  }
  world.See({failed});
  CHECK(world.watch.TakeUnloaded("a") == !is_heard_again);
}

TEST_CASE("ActivityWatch: an unload of ours that failed leaves all as it was") {
  Watched world;
  world.See({Loaded("a", 1, {7})});
  world.watch.BeginUnload("a");
  world.watch.EndUnload("a", false, world.now());
  world.See({Loaded("a", 1, {7})});
  CHECK(world.watch.TakeUses("a") == 0);
  world.See({Unloaded("a", 1)});
  CHECK(world.watch.TakeUnloaded("a"));
}

TEST_CASE("ActivityWatch: views that come late are ignored") {
  Watched world;
  world.See({Loaded("a", 1, {7})});
  const absl::Time before = world.now();
  world.See({Loaded("a", 1, {8})});
  world.watch.Observe({.asked = before, .models = {Loaded("a", 1, {7})}});
  world.See({Loaded("a", 1, {8})});
  CHECK(world.watch.TakeUses("a") == 1);
}

}  // namespace warmup::llama_server
