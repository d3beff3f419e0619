// The runtime's looks at its engines: when, and by whom.

#include <algorithm>
#include <utility>
#include <vector>

#include "core/runtime/event_data.h"
#include "core/runtime/runtime.h"

namespace warmup {
namespace {

// What engines show is asked for so seldom that it takes half a percent of the
// time at most.
constexpr int kRestPerWork = 200;

}  // namespace

void Runtime::DiscoverSoon() {
  MutexLock lock(mutex_);
  next_search_ = absl::InfinitePast();
  for (auto& [id, plan] : looks_) {
    plan.next_discovery = absl::InfinitePast();
    plan.next_look = absl::InfinitePast();
    plan.last_look = absl::InfinitePast();
  }
}

void Runtime::LookAtEngines() {
  std::vector<std::shared_ptr<Engine>> due;
  bool is_search_due = false;
  {
    MutexLock lock(mutex_);
    if (is_stopping_) return;
    const absl::Time now = Now();
    const absl::Duration interval = director_.IsAnybodyHere(now)
                                        ? options_.look_interval
                                        : options_.idle_look_interval;
    is_search_due = !is_searching_ && now >= next_search_;
    is_searching_ |= is_search_due;
    for (const auto& [id, entry] : engines_) {
      LookPlan& plan = looks_[id];
      if (plan.is_under_way || now < plan.next_look ||
          now < plan.last_look + interval) {
        continue;
      }
      plan.is_under_way = true;
      // Not when its worker begins: that is a little after the tick, and then
      // the tick one interval later comes a little too early.
      plan.last_look = now;
      due.push_back(entry.engine);
    }
  }
  if (is_search_due) workers_.Run([this] { SearchEngines(); });
  for (std::shared_ptr<Engine>& engine : due) {
    workers_.Run([this, engine = std::move(engine)] { LookAt(engine.get()); });
  }
}

void Runtime::LookAt(Engine* engine) {
  const std::string id = engine->info().id;
  EngineLook look{.engine = id,
                  .started = Now(),
                  .models = nullptr,
                  .sightings = absl::UnknownError("")};
  bool was_available = false;
  absl::Time next_discovery;
  {
    MutexLock lock(mutex_);
    next_discovery = looks_[id].next_discovery;
    look.models = director_.ModelsOf(id);
    was_available = director_.IsAvailable(id);
  }
  look.sightings = engine->Look(*look.models);
  look.max_models = engine->info().max_models;
  const absl::Time looked = Now();
  bool is_discovery_due = false;
  Effects fx;
  {
    MutexLock lock(mutex_);
    director_.OnLooked(looked, look, &fx);
    Commit(&fx, {});
    is_discovery_due =
        look.sightings.ok() && (!was_available || looked >= next_discovery);
  }
  Execute(std::move(fx));
  if (is_discovery_due) Discover(engine);
  const absl::Time end = Now();
  MutexLock lock(mutex_);
  const auto it = looks_.find(id);
  if (it == looks_.end()) return;  // removed meanwhile
  LookPlan& plan = it->second;
  plan.is_under_way = false;
  plan.next_look = end + std::min((looked - look.started) * kRestPerWork,
                                  options_.idle_look_interval);
  if (is_discovery_due) {
    plan.next_discovery = end + std::max((end - looked) * kRestPerWork,
                                         options_.discover_interval);
  }
}

void Runtime::Discover(Engine* engine) {
  const auto specs = engine->Discover();
  if (!specs.ok()) {
    Log(MakeEvent(Now(), "discovery_failed",
                  {{"engine", engine->info().id},
                   {"error", std::string(specs.status().message())}}));
    return;
  }
  for (const ModelSpec& spec : *specs) {
    Effects fx;
    {
      MutexLock lock(mutex_);
      if (director_.OnOffered(Now(), spec, &fx)) Commit(&fx, {});
    }
    Execute(std::move(fx));
  }
}

}  // namespace warmup
