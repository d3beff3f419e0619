// The machine's invariants over random streams, under a policy that does what
// it likes.
#include <random>
#include <set>

#include "core/shadow/machine.h"
#include "tests/support/catch.h"

namespace warmup::shadow {
namespace {

class RandomPolicy : public Policy {
 public:
  RandomPolicy(Machine& machine, int items, uint64_t seed)
      : machine_(machine), items_(items), random_(seed) {
    machine.set_policy(*this);
  }

  void OnRequest(const Request& request, Outcome outcome) override {
    if (outcome != Outcome::kWarm) awaited_.insert(request.item);
    machine_.SetTimer(request.at + Below(60), 0);
  }
  void OnReady(Micros /*now*/, ItemId item) override { awaited_.erase(item); }
  void OnEvicted(Micros /*now*/, ItemId item) override {
    CHECK(awaited_.count(item) == 0);
  }
  void OnTimer(Micros now, int64_t /*token*/) override {
    machine_.Evict(now, static_cast<ItemId>(Below(items_)));
  }
  bool MakeRoom(Micros now, ItemId /*needed*/) override {
    const std::vector<ItemId>& ready = machine_.ready();
    if (ready.empty()) return false;
    machine_.Evict(
        now,
        ready[static_cast<size_t>(Below(static_cast<int64_t>(ready.size())))]);
    return true;
  }
  ItemId Preload(Micros /*now*/) override {
    return static_cast<ItemId>(Below(items_ + 1) - 1);
  }

 private:
  int64_t Below(int64_t limit) {
    return static_cast<int64_t>(random_() % static_cast<uint64_t>(limit));
  }

  Machine& machine_;
  const int64_t items_;
  std::mt19937_64 random_;
  std::set<ItemId> awaited_;
};

void CheckStream(uint64_t seed, int slots) {
  CAPTURE(seed, slots);
  constexpr int kItems = 12;
  std::mt19937_64 random(seed);
  const auto below = [&random](uint64_t limit) {
    return static_cast<int64_t>(random() % limit);
  };
  std::vector<ItemCost> costs;
  for (int i = 0; i < kItems; ++i) costs.push_back({1 + below(12), below(50)});
  Machine machine({.budget = 20, .slots = slots}, costs);
  RandomPolicy policy(machine, kItems, seed + 1);
  Micros now = 0;
  for (int i = 0; i < 2'000; ++i) {
    now += below(25);
    machine.Handle(Request{now, 0, static_cast<ItemId>(below(kItems))});
    CHECK(machine.Free() >= 0);
    int64_t used = 0;
    int loading = 0;
    for (ItemId item = 0; item < kItems; ++item) {
      loading += machine.IsLoading(item) ? 1 : 0;
      if (machine.IsReady(item) || machine.IsLoading(item)) {
        used += machine.CostOf(item).size;
      }
    }
    CHECK(used == machine.budget() - machine.Free());
    CHECK(loading <= slots);
  }
  machine.Finish();
  const Tally& tally = machine.tally();
  CHECK(tally.requests == 2'000);
  CHECK(machine.stalls().size() ==
        static_cast<size_t>(tally.cold + tally.late));
  CHECK(tally.wasted <= tally.guessed);
  CHECK(tally.guessed <= tally.loaded);
  CHECK(tally.blocked <= tally.stall);
  CHECK(tally.occupied <= 20.0 * static_cast<double>(machine.now()));
}

TEST_CASE("Machine: is never over its budget, evicts nothing that is awaited") {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    CheckStream(seed, 1);
    CheckStream(seed, 3);
  }
}

}  // namespace
}  // namespace warmup::shadow
