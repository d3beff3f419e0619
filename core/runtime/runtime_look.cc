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
  for (auto& [id, plan] : looks_) {
    plan.next_discovery = absl::InfinitePast();
    plan.next_look = absl::InfinitePast();
    plan.last_look = absl::InfinitePast();
  }
}

std::vector<EngineStatus> Runtime::ListEngines() const {
  std::vector<EngineStatus> engines;
  {
    MutexLock lock(mutex_);
    engines = director_.ListEngines();
  }
  for (EngineStatus& status : engines) {
    const auto engine = ports_.engines.find(status.info.id);
    if (engine != ports_.engines.end()) status.info = engine->second->info();
  }
  return engines;
}

void Runtime::LookAtEngines() {
  std::vector<Engine*> due;
  {
    MutexLock lock(mutex_);
    if (is_stopping_) return;
    const absl::Time now = Now();
    const absl::Duration interval = director_.IsAnybodyHere(now)
                                        ? options_.look_interval
                                        : options_.idle_look_interval;
    for (const auto& [id, engine] : ports_.engines) {
      LookPlan& plan = looks_[id];
      if (plan.is_under_way || now < plan.next_look ||
          now < plan.last_look + interval) {
        continue;
      }
      plan.is_under_way = true;
      due.push_back(engine);
    }
  }
  for (Engine* engine : due) {
    workers_.Run([this, engine] { LookAt(engine); });
  }
}

void Runtime::LookAt(Engine* engine) {
  const std::string id = engine->info().id;
  EngineLook look{.engine = id,
                  .started = Now(),
                  .models = nullptr,
                  .sightings = absl::UnknownError("")};
  bool was_available = false;
  {
    MutexLock lock(mutex_);
    look.models = director_.ModelsOf(id);
    was_available = director_.IsAvailable(id);
  }
  look.sightings = engine->Look(*look.models);
  const absl::Time looked = Now();
  bool is_discovery_due = false;
  Effects fx;
  {
    MutexLock lock(mutex_);
    director_.OnLooked(looked, look, &fx);
    Commit(&fx, {});
    is_discovery_due = look.sightings.ok() &&
                       (!was_available || looked >= looks_[id].next_discovery);
  }
  Execute(std::move(fx));
  if (is_discovery_due) Discover(engine);
  const absl::Time end = Now();
  MutexLock lock(mutex_);
  LookPlan& plan = looks_[id];
  plan.is_under_way = false;
  plan.last_look = look.started;
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
