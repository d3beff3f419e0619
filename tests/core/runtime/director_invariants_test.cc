// A year of nonsense: whatever happens, the director's rules hold.

#include <algorithm>
#include <random>
#include <set>
#include <string>

#include "core/runtime/director.h"
#include "tests/core/runtime/small_world.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

constexpr int64_t kBudget = 100;

Director::Options OptionsFor(uint64_t seed) {
  Director::Options options = SmallHost(kBudget, seed % 4 != 0);
  options.policy.max_concurrent_loads = 1 + static_cast<int>(seed % 3);
  options.policy.switching_timeout = absl::Seconds(30);
  return options;
}

// Facts and faults of one seed.
class Nonsense {
 public:
  explicit Nonsense(uint64_t seed) : random_(seed), world_(OptionsFor(seed)) {
    for (int i = 0; i < 8; ++i) {
      models_.push_back("m" + std::to_string(i));
      world_.Add(models_.back(), 10 + static_cast<int64_t>(Pick(50)));
    }
  }

  void Step() {
    world_.now += absl::Milliseconds(Pick(5000));
    Effects fx;
    Happen(models_[Pick(models_.size())], &fx);
    for (const Wake& wake : fx.wakes) {
      // Nobody is woken twice, or without having waited.
      REQUIRE(waiting_.erase(wake.waiter) == 1);
    }
    world_.Take(std::move(fx));
  }

  void CheckInvariants() {
    const Status status = world_.director.GetStatus();
    // The ledger is the sum of what is alive and within the budget.
    int64_t alive = 0;
    size_t loading = 0;
    for (const ModelView& view : world_.director.ListModels("", 100)) {
      const bool holds = view.state == ModelState::kLoading ||
                         view.state == ModelState::kReady ||
                         view.state == ModelState::kUnloading;
      REQUIRE((view.held_bytes > 0) == holds);
      alive += view.held_bytes;
      loading += view.state == ModelState::kLoading ? 1 : 0;
    }
    REQUIRE(status.devices[0].used_bytes == alive);
    REQUIRE(alive <= kBudget);
    REQUIRE(loading <= static_cast<size_t>(status.policy.max_concurrent_loads));
    REQUIRE(loading == world_.loads.size());
    REQUIRE(status.waiters == waiting_.size());
  }

 private:
  size_t Pick(size_t n) { return random_() % n; }

  void Happen(const ModelId& id, Effects* fx) {
    switch (Pick(8)) {
      case 0:
      case 1:
        return Demand(id, fx);
      case 2: {
        UsageReport usage;
        usage.model = id;
        CHECK(world_.director.RecordUsage(world_.now, {usage}, fx).ok());
        return;
      }
      case 3: {
        ActivityReport activity;
        activity.kind = "chat_panel_opened";
        activity.model = id;
        CHECK(world_.director.ReportActivity(world_.now, {activity}, fx).ok());
        return;
      }
      case 4:
        return EndALoad(fx);
      case 5:
        return EndAnUnload(fx);
      case 6:
        return Withdraw(fx);
      default:
        world_.director.Tick(world_.now, fx);
    }
  }

  void Demand(const ModelId& id, Effects* fx) {
    const WaiterId waiter = ++world_.last_waiter;
    const absl::Time deadline = world_.now + absl::Seconds(20);
    if (world_.director.DemandModel(world_.now, id, waiter, deadline, fx)
            .ok()) {
      waiting_.insert(waiter);
    }
  }

  void Withdraw(Effects* fx) {
    if (waiting_.empty() || Pick(2) != 0) return;
    world_.director.Withdraw(world_.now, *waiting_.begin(), fx);
    waiting_.erase(waiting_.begin());
  }

  // With success, a fault, or as it was told to.
  void EndALoad(Effects* fx) {
    if (world_.loads.empty()) return;
    const size_t i = Pick(world_.loads.size());
    const LoadOrder order = world_.loads[i];
    world_.loads.erase(world_.loads.begin() + static_cast<std::ptrdiff_t>(i));
    const int64_t bytes = order.spec.size_bytes;
    absl::StatusOr<LoadResult> result =
        LoadResult{{Tier::kReady, bytes, bytes}, bytes};
    const bool is_cancelled =
        std::count(world_.cancels.begin(), world_.cancels.end(), order.id) > 0;
    if (is_cancelled && Pick(4) != 0) {
      result = absl::CancelledError("");
    } else if (Pick(5) == 0) {
      result = absl::InternalError("broken");
    }
    world_.director.OnLoadDone(world_.now, order.id, result, fx);
  }

  void EndAnUnload(Effects* fx) {
    if (world_.unloads.empty()) return;
    const UnloadOrder order = world_.unloads.front();
    world_.unloads.erase(world_.unloads.begin());
    world_.director.OnUnloadDone(
        world_.now, order.spec.id,
        Pick(6) == 0 ? absl::InternalError("busy") : absl::OkStatus(), fx);
  }

  std::mt19937_64 random_;
  SmallWorld world_;
  std::vector<ModelId> models_;
  std::set<WaiterId> waiting_;
};

TEST_CASE("Director: invariants hold under random facts and faults") {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    Nonsense nonsense(seed);
    for (int step = 0; step < 300; ++step) {
      nonsense.Step();
      nonsense.CheckInvariants();
    }
  }
}

}  // namespace
}  // namespace warmup
