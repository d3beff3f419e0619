// The same trace through the daemon's director, with a simulated engine on
// simulated time, and through the replay: the same decisions.

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/foresight/warmup_policy.h"
#include "core/runtime/director.h"
#include "tests/core/foresight/random_use.h"
#include "tests/support/catch.h"
#include "tests/support/fake_monitor.h"

namespace warmup {
namespace {

using shadow::ContextEvent;
using shadow::ItemCost;
using shadow::ItemId;
using shadow::Machine;
using shadow::Micros;
using shadow::Request;

constexpr double kByteSecondsInGibHour = 3'600.0 * (1 << 30);

// When what became of which model.
enum class Act { kStart, kReady, kEvict, kCancel };
using Decided = std::tuple<Micros, Act, ItemId>;

struct Trace {
  std::vector<ItemCost> costs;
  std::vector<Request> requests;
  std::vector<ContextEvent> context;
};

// Items are numbered as they appear.
Trace RandomTrace(uint64_t seed, int items, int count) {
  Trace trace;
  trace.costs = foresight::RandomCosts(items, seed);
  trace.requests = foresight::RandomUse(count, items, seed);
  std::map<ItemId, ItemId> numbers;
  for (Request& request : trace.requests) {
    request.item =
        numbers.try_emplace(request.item, static_cast<ItemId>(numbers.size()))
            .first->second;
  }
  for (size_t i = 1; i < trace.requests.size(); ++i) {
    const Micros pause = trace.requests[i].at - trace.requests[i - 1].at;
    if (pause < 20 * foresight::kSecond || i % 3 != 0) continue;
    ContextEvent event{.at = trace.requests[i].at - pause / 4,
                       .user = trace.requests[i].user};
    if (i % 2 == 0) {
      event.kind = 7;
    } else {
      // Right in two of three cases, and of something known.
      event.announced = trace.requests[i - (i % 3 == 0 ? 1 : 0)].item;
    }
    trace.context.push_back(event);
  }
  return trace;
}

class Recorder final : public foresight::WarmupPolicy {
 public:
  using WarmupPolicy::WarmupPolicy;

  void OnStart(Micros now, ItemId item) override {
    decided.emplace_back(now, Act::kStart, item);
    WarmupPolicy::OnStart(now, item);
  }
  void OnReady(Micros now, ItemId item) override {
    decided.emplace_back(now, Act::kReady, item);
    WarmupPolicy::OnReady(now, item);
  }
  void OnEvicted(Micros now, ItemId item) override {
    decided.emplace_back(now, Act::kEvict, item);
  }
  void OnCancelled(Micros now, ItemId item) override {
    decided.emplace_back(now, Act::kCancel, item);
  }

  std::vector<Decided> decided;
};

// Calls `handle` with each event of a trace in its order.
template <typename Handle>
void ForEach(const Trace& trace, Handle handle) {
  auto event = trace.context.begin();
  for (const Request& request : trace.requests) {
    for (; event != trace.context.end() && event->at < request.at; ++event) {
      handle(*event);
    }
    handle(request);
  }
}

struct Replayed {
  std::vector<Decided> decided;
  shadow::Tally tally;
  int switches = 0;
};

Replayed Replay(const Trace& trace, int64_t budget, double price) {
  Machine machine({.budget = budget}, trace.costs);
  Recorder recorder(machine, trace.costs, price);
  machine.set_policy(recorder);
  ForEach(trace, [&](const auto& event) { machine.Handle(event); });
  machine.Finish();
  return {recorder.decided, machine.tally(),
          recorder.pool().selector().switches()};
}

// The world around a director: an engine whose loads take exactly their time,
// and whose unloads and cancelled loads take none.
class SimulatedDaemon {
 public:
  SimulatedDaemon(const Trace& trace, int64_t budget, double price)
      : costs_(trace.costs) {
    Director::Options options;
    options.devices["host"] = {.budget_bytes = budget};
    options.engines = {"simulated"};
    options.policy.switching_timeout = absl::Hours(1);
    options.policy.memory_price = price * kByteSecondsInGibHour;
    director_ = std::make_unique<Director>(options);
    StoredState state;
    for (size_t i = 0; i < costs_.size(); ++i) {
      ModelSpec spec;
      spec.id = NameOf(static_cast<ItemId>(i));
      spec.engine = "simulated";
      spec.size_bytes = costs_[i].size;
      const LearnedTime load{4, absl::Microseconds(costs_[i].load)};
      state.models.push_back({spec, {.cold_load = load}});
    }
    REQUIRE(director_->Restore(state).ok());
    director_->OnDevices({HostOf(1 << 30, 1 << 30)}, {});
  }

  void Handle(const Request& request) {
    AdvanceTo(request.at);
    const std::string model = NameOf(request.item);
    // Who finds the model ready is served at once.
    const bool is_ready =
        director_->GetModel(model)->state == ModelState::kReady;
    if (is_ready) Demand(model);
    Effects fx;
    REQUIRE(director_
                ->RecordUsage(now_,
                              {{.model = model,
                                .user = absl::StrCat("user", request.user)}},
                              &fx)
                .ok());
    CarryOut(fx);
    if (!is_ready) Demand(model);
  }

  void Handle(const ContextEvent& event) {
    AdvanceTo(event.at);
    ActivityReport report;
    report.kind = absl::StrCat("kind", event.kind);
    report.user = absl::StrCat("user", event.user);
    if (event.announced != shadow::kNoItem) {
      report.model = NameOf(event.announced);
    }
    Effects fx;
    REQUIRE(director_->ReportActivity(now_, {report}, &fx).ok());
    CarryOut(fx);
    Tick();  // what an activity changes is decided on with the next tick
  }

  // Until nobody waits any more.
  void Finish() {
    while (director_->GetStatus().waiters > 0) AdvanceTo(loads_.begin()->first);
  }

  std::vector<Decided> decided;
  absl::Duration waited() const { return director_->GetStatus().totals.waited; }
  Waits waits() const { return director_->GetStatus().waits.since_start; }

 private:
  static std::string NameOf(ItemId item) { return absl::StrCat("m", item); }
  static ItemId ItemOf(const ModelId& model) {
    return static_cast<ItemId>(std::stoi(model.substr(1)));
  }
  Micros Now() const { return absl::ToUnixMicros(now_); }

  void AdvanceTo(Micros at) {
    for (;;) {
      const Micros end =
          loads_.empty() ? Machine::kNever : loads_.begin()->first;
      const absl::Time due = director_->NextDeadline();
      const Micros tick = due == absl::InfiniteFuture()
                              ? Machine::kNever
                              : absl::ToUnixMicros(due);
      const Micros next = std::min(end, tick);
      if (next > at) break;
      now_ = absl::FromUnixMicros(next);
      if (end <= tick) {
        EndLoad();
      } else {
        Tick();
      }
    }
    now_ = absl::FromUnixMicros(at);
  }

  void Demand(const ModelId& model) {
    Effects fx;
    REQUIRE(
        director_
            ->DemandModel(now_, model, ++waiter_, absl::InfiniteFuture(), &fx)
            .ok());
    CarryOut(fx);
  }

  void Tick() {
    Effects fx;
    director_->Tick(now_, &fx);
    CarryOut(fx);
  }

  void EndLoad() {
    const LoadOrder order = loads_.begin()->second;
    loads_.erase(loads_.begin());
    decided.emplace_back(Now(), Act::kReady, ItemOf(order.spec.id));
    const int64_t bytes = order.spec.size_bytes;
    Effects fx;
    director_->OnLoadDone(now_, order.id,
                          LoadResult{.residency = {Tier::kReady, bytes, bytes},
                                     .start = LoadStart::kCold},
                          &fx);
    CarryOut(fx);
  }

  void CarryOut(const Effects& fx) {
    for (const UnloadOrder& order : fx.unloads) {
      decided.emplace_back(Now(), Act::kEvict, ItemOf(order.spec.id));
    }
    for (const LoadOrder& order : fx.loads) {
      const ItemId item = ItemOf(order.spec.id);
      decided.emplace_back(Now(), Act::kStart, item);
      loads_.emplace(Now() + costs_[static_cast<size_t>(item)].load, order);
    }
    for (const LoadId id : fx.cancels) {
      const auto load = std::find_if(
          loads_.begin(), loads_.end(),
          [&](const auto& entry) { return entry.second.id == id; });
      REQUIRE(load != loads_.end());
      decided.emplace_back(Now(), Act::kCancel, ItemOf(load->second.spec.id));
      loads_.erase(load);
      Effects next;
      director_->OnLoadDone(now_, id, absl::CancelledError(""), &next);
      CarryOut(next);
    }
    for (const UnloadOrder& order : fx.unloads) {
      Effects next;
      director_->OnUnloadDone(now_, order.spec.id, absl::OkStatus(), &next);
      CarryOut(next);
    }
  }

  const std::vector<ItemCost> costs_;
  std::unique_ptr<Director> director_;
  absl::Time now_;
  WaiterId waiter_ = 0;
  std::multimap<Micros, LoadOrder> loads_;
};

// Which of several evictions at one time comes first makes no difference.
std::vector<Decided> InOrder(std::vector<Decided> decided) {
  std::stable_sort(decided.begin(), decided.end());
  return decided;
}

TEST_CASE("Director: decides on a trace what the replay decides") {
  const auto seed = GENERATE(1U, 2U, 3U, 4U);
  const auto budget = GENERATE(20, 60);
  // Half of them with a price, of a unit for a second: a load is worth holding
  // for ten hours.
  const double price = (seed % 2 == 0) == (budget == 20) ? 0 : 0x1p-15;
  CAPTURE(seed, budget, price);
  const Trace trace = RandomTrace(seed, 20, 1'000);
  const Replayed replayed = Replay(trace, budget, price);
  SimulatedDaemon daemon(trace, budget, price);
  ForEach(trace, [&](const auto& event) { daemon.Handle(event); });
  daemon.Finish();
  const std::vector<Decided> expected = InOrder(replayed.decided);
  const std::vector<Decided> decided = InOrder(daemon.decided);
  const auto [a, b] = std::mismatch(expected.begin(), expected.end(),
                                    decided.begin(), decided.end());
  INFO("the first that differs is number " << a - expected.begin() << " of "
                                           << expected.size());
  CHECK(a == expected.end());
  CHECK(b == decided.end());
  CHECK(daemon.waited() == absl::Microseconds(replayed.tally.stall));
  CHECK(daemon.waits().really == daemon.waited());
  if (price == 0) CHECK(daemon.waits().lru > daemon.waited());
  // It had something to decide.
  CHECK(replayed.tally.guessed > 0);
  CHECK(replayed.tally.cold > 130);
}

}  // namespace
}  // namespace warmup
