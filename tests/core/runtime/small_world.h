#ifndef WARMUP_TESTS_CORE_RUNTIME_SMALL_WORLD_H_
#define WARMUP_TESTS_CORE_RUNTIME_SMALL_WORLD_H_

#include <utility>
#include <vector>

#include "core/runtime/director.h"
#include "tests/support/catch.h"
#include "tests/support/fake_monitor.h"

namespace warmup {

inline const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

inline Director::Options SmallHost(int64_t budget, bool predicts) {
  Director::Options options;
  options.devices["host"] = {.budget_bytes = budget, .reserve_bytes = 0};
  options.engines = {"fake"};
  options.policy.predictive_preloading = predicts;
  return options;
}

inline ModelSpec Model(const ModelId& id, int64_t size_bytes) {
  ModelSpec spec;
  spec.id = id;
  spec.engine = "fake";
  spec.source = "/models/" + id;
  spec.type = ModelType::kChat;
  spec.size_bytes = size_bytes;
  return spec;
}

// The test in the place of the world: it carries out effects by hand and brings
// the answers back. Loads last until FinishLoad.
struct SmallWorld {
  explicit SmallWorld(Director::Options options)
      : director(std::move(options)) {
    director.OnDevices({HostOf(1 << 30, 1 << 30)}, {});
  }

  void Add(const ModelId& id, int64_t size_bytes) {
    Effects fx;
    REQUIRE(director.RegisterModel(now, Model(id, size_bytes), &fx).ok());
  }

  void Take(Effects fx) {
    for (const Wake& wake : fx.wakes) wakes.push_back(wake);
    for (LoadOrder& order : fx.loads) loads.push_back(std::move(order));
    for (const LoadId id : fx.cancels) cancels.push_back(id);
    for (const Event& event : fx.events) events.push_back(event.type);
    for (UnloadOrder& order : fx.unloads) unloads.push_back(std::move(order));
  }

  WaiterId Demand(const ModelId& id) {
    Effects fx;
    const WaiterId waiter = ++last_waiter;
    const absl::Status status =
        director.DemandModel(now, id, waiter, absl::InfiniteFuture(), &fx);
    CHECK(status.ok());
    Take(std::move(fx));
    return waiter;
  }

  void FinishLoad(size_t i = 0, LoadStart start = LoadStart::kCold) {
    const LoadOrder order = loads.at(i);
    loads.erase(loads.begin() + static_cast<std::ptrdiff_t>(i));
    const int64_t bytes = order.spec.size_bytes;
    Effects fx;
    director.OnLoadDone(now, order.id,
                        LoadResult{.residency = {Tier::kReady, bytes, bytes},
                                   .read_bytes = bytes,
                                   .start = start},
                        &fx);
    Take(std::move(fx));
  }

  // The engine is looked at a second later and shows this; the rest is cold.
  void Show(const std::map<ModelId, Sighting>& shown) {
    now += absl::Seconds(1);
    EngineLook look{.engine = "fake",
                    .started = now,
                    .models = director.ModelsOf("fake"),
                    .sightings = std::vector<Sighting>()};
    for (const ModelSpec& spec : *look.models) {
      const auto it = shown.find(spec.id);
      look.sightings->push_back(it == shown.end() ? Sighting{} : it->second);
    }
    Look(look);
  }
  void Look(const EngineLook& look) {
    Effects fx;
    director.OnLooked(now, look, &fx);
    Take(std::move(fx));
  }

  void FinishUnload() {
    const UnloadOrder order = unloads.front();
    unloads.erase(unloads.begin());
    Effects fx;
    director.OnUnloadDone(now, order.spec.id, absl::OkStatus(), &fx);
    Take(std::move(fx));
  }

  void Tick(absl::Duration later) {
    now += later;
    Effects fx;
    director.Tick(now, &fx);
    Take(std::move(fx));
  }

  absl::Time now = kStart;
  Director director;
  WaiterId last_waiter = 0;
  std::vector<Wake> wakes;
  std::vector<LoadOrder> loads;
  std::vector<LoadId> cancels;
  std::vector<UnloadOrder> unloads;
  std::vector<std::string> events;  // their types
};

// An IDE that may use the model any moment.
inline void Announce(SmallWorld& world, const ModelId& id) {
  Session session;
  session.id = "s";
  session.lease = absl::Hours(1);
  session.roles = {{"chat", id}};
  Effects fx;
  REQUIRE(world.director.StartSession(world.now, session, &fx).ok());
  world.Take(std::move(fx));
}

}  // namespace warmup

#endif  // WARMUP_TESTS_CORE_RUNTIME_SMALL_WORLD_H_
