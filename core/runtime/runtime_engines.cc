// The runtime's engines: which there are, and who brought them.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/base/status_macros.h"
#include "core/runtime/event_data.h"
#include "core/runtime/runtime.h"

namespace warmup {
namespace {

absl::Status EngineNotFound(const std::string& id) {
  return MakeError(absl::StatusCode::kNotFound, "ENGINE_NOT_FOUND",
                   absl::StrCat("there is no engine \"", id, "\""),
                   {{"engine", id}});
}

absl::Status TooMany(const char* what, const char* limit, size_t count) {
  return MakeError(absl::StatusCode::kResourceExhausted, "LIMIT_REACHED",
                   absl::StrCat("there are ", count, " ", what, " already"),
                   {{"limit", limit}});
}

EngineSpec SpecOf(const Engine& engine) {
  const EngineInfo info = engine.info();
  return {.id = info.id,
          .kind = info.kind,
          .endpoint = info.endpoint,
          .token_file = {}};
}

}  // namespace

std::shared_ptr<Engine> Runtime::FindEngine(const std::string& id) const {
  const auto it = engines_.find(id);
  return it == engines_.end() ? nullptr : it->second.engine;
}

void Runtime::RestoreEngines(const StoredState& state) {
  for (const auto& [id, engine] : ports_.engines) {
    // It belongs to who made us.
    std::shared_ptr<Engine> borrowed(std::shared_ptr<Engine>(), engine);
    MutexLock lock(mutex_);
    engines_[id] = {std::move(borrowed), EngineOrigin::kConfigured};
  }
  for (const PutEngine& stored : state.engines) {
    absl::StatusOr<std::shared_ptr<Engine>> engine = nullptr;
    if (!stored.is_removed) engine = ports_.finder.Make(stored.spec);
    Effects fx;
    MutexLock lock(mutex_);
    named_engines_[stored.spec.endpoint] = stored;
    absl::Status taken = engine.status();
    if (engine.ok() && *engine != nullptr) {
      taken = TakeEngine(*std::move(engine), EngineOrigin::kAdded, &fx);
    }
    if (!taken.ok()) {
      not_restored_.push_back(
          {stored.spec.endpoint, std::string(taken.message())});
    }
  }
  MutexLock lock(mutex_);
  not_taken_ = not_restored_;
}

absl::Status Runtime::TakeEngine(std::shared_ptr<Engine> engine,
                                 EngineOrigin origin, Effects* fx) {
  const EngineSpec spec = SpecOf(*engine);
  for (const auto& [id, entry] : engines_) {
    const bool is_same_place = !spec.endpoint.empty() &&
                               SpecOf(*entry.engine).endpoint == spec.endpoint;
    if (id != spec.id && !is_same_place) continue;
    return MakeError(
        absl::StatusCode::kAlreadyExists, "ENGINE_EXISTS",
        absl::StrCat("engine \"", id, "\" is there already",
                     is_same_place ? absl::StrCat(" at ", spec.endpoint) : ""),
        {{"engine", id}, {"endpoint", spec.endpoint}});
  }
  if (engines_.size() >= limits::kMaxEngines) {
    return TooMany("engines", "kMaxEngines", engines_.size());
  }
  engines_[spec.id] = {std::move(engine), origin};
  director_.AddEngine(Now(), spec.id, fx);
  tick_soon_.NotifyAll();  // its first look
  return absl::OkStatus();
}

EngineStatus Runtime::StatusOf(EngineStatus status) const {
  const auto it = engines_.find(status.info.id);
  if (it != engines_.end()) {
    status.info = it->second.engine->info();
    status.origin = it->second.origin;
  }
  return status;
}

Status Runtime::StatusNow() const {
  Status status = director_.GetStatus();
  for (EngineStatus& engine : status.engines) {
    engine = StatusOf(std::move(engine));
  }
  return status;
}

EngineListing Runtime::ListEngines() const {
  EngineListing listing;
  MutexLock lock(mutex_);
  for (EngineStatus& status : director_.ListEngines()) {
    listing.engines.push_back(StatusOf(std::move(status)));
  }
  listing.not_taken = not_taken_;
  return listing;
}

void Runtime::AddEngine(EngineSpec spec, Done<EngineStatus> done) {
  workers_.Run([this, spec = std::move(spec), done = std::move(done)] {
    auto engine = ports_.finder.Make(spec);
    if (!engine.ok()) {
      done(engine.status());
      return;
    }
    Change<EngineStatus>(
        done,
        [&](absl::Time /*now*/, Effects* fx) -> absl::StatusOr<EngineStatus> {
          MutexAssert();
          PutEngine put{.spec = SpecOf(**engine), .is_removed = false};
          put.spec.token_file = spec.token_file;
          WARMUP_RETURN_IF_ERROR(
              TakeEngine(*std::move(engine), EngineOrigin::kAdded, fx));
          named_engines_[put.spec.endpoint] = put;
          fx->changes.push_back(put);
          for (auto* list : {&not_taken_, &not_restored_}) {
            std::erase_if(*list, [&](const NotTaken& not_taken) {
              return not_taken.endpoint == put.spec.endpoint;
            });
          }
          EngineStatus status;
          status.info.id = put.spec.id;
          return StatusOf(std::move(status));
        });
  });
}

void Runtime::RemoveEngine(const std::string& id, Done<std::string> done) {
  std::shared_ptr<Engine> last;  // ends without the lock, it may take a moment
  Change<std::string>(
      std::move(done),
      [&](absl::Time now, Effects* fx) -> absl::StatusOr<std::string> {
        MutexAssert();
        const auto it = engines_.find(id);
        if (it == engines_.end()) return EngineNotFound(id);
        if (it->second.origin == EngineOrigin::kConfigured) {
          return MakeError(absl::StatusCode::kFailedPrecondition,
                           "ENGINE_CONFIGURED",
                           absl::StrCat("engine \"", id,
                                        "\" is configured: remove it there"),
                           {{"engine", id}});
        }
        if (named_engines_.size() >= limits::kMaxRemovedEngines) {
          return TooMany("removed engines", "kMaxRemovedEngines",
                         named_engines_.size());
        }
        WARMUP_RETURN_IF_ERROR(director_.RemoveEngine(now, id, fx));
        const PutEngine put{.spec = SpecOf(*it->second.engine),
                            .is_removed = true};
        named_engines_[put.spec.endpoint] = put;
        fx->changes.push_back(put);
        last = std::move(it->second.engine);
        engines_.erase(it);
        looks_.erase(id);
        return id;
      });
}

void Runtime::SearchEngines() {
  std::vector<EngineSpec> known;
  {
    MutexLock lock(mutex_);
    for (const auto& [id, entry] : engines_) {
      known.push_back(SpecOf(*entry.engine));
    }
    for (const auto& [endpoint, named] : named_engines_) {
      if (named.is_removed) known.push_back(named.spec);
    }
  }
  EngineSearch search = ports_.finder.Find(known);
  Effects fx;
  {
    MutexLock lock(mutex_);
    for (std::shared_ptr<Engine>& engine : search.engines) {
      const std::string endpoint = engine->info().endpoint;
      const absl::Status taken =
          TakeEngine(std::move(engine), EngineOrigin::kFound, &fx);
      if (!taken.ok()) {
        search.not_taken.push_back({endpoint, std::string(taken.message())});
      }
    }
    for (const auto& [endpoint, named] : named_engines_) {
      if (!named.is_removed) continue;
      search.not_taken.push_back({endpoint, "it was removed by hand"});
    }
    search.not_taken.insert(search.not_taken.end(), not_restored_.begin(),
                            not_restored_.end());
    fx.observation.have_engines_changed |= not_taken_ != search.not_taken;
    not_taken_ = std::move(search.not_taken);
    Commit(&fx, {});
    is_searching_ = false;
    next_search_ = Now() + options_.discover_interval;
  }
  Execute(std::move(fx));
}

}  // namespace warmup
