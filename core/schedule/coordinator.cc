#include "core/schedule/coordinator.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/base/error.h"
#include "core/base/limits.h"

namespace warmup {

std::string_view ToString(ServedAs served_as) {
  switch (served_as) {
    case ServedAs::kWarm:
      return "warm";
    case ServedAs::kLate:
      return "late";
    case ServedAs::kCold:
      return "cold";
  }
  return "unknown";
}

namespace {

// Holds nothing, and nobody waits for it.
bool IsIdle(const Coordinator::Track& track) {
  return (track.state() == ModelState::kCold ||
          track.state() == ModelState::kFailed) &&
         track.waiters.empty() && track.unload_waiters.empty() &&
         !track.is_requested;
}

bool IsInBackoff(absl::Time now, const Coordinator::Track& track) {
  return track.state() == ModelState::kFailed && now < track.retry_at;
}

}  // namespace

Coordinator::Coordinator(Options options)
    : options_(options), random_(options.seed) {}

absl::StatusOr<std::optional<Wake>> Coordinator::Demand(absl::Time now,
                                                        const ModelId& model,
                                                        WaiterId waiter,
                                                        absl::Time deadline) {
  Track& track = tracks_[model];
  if (track.state() == ModelState::kReady) {
    track.last_used = now;
    track.was_served = true;
    return Wake{waiter, model, absl::OkStatus(), ServedAs::kWarm,
                absl::ZeroDuration()};
  }
  if (IsInBackoff(now, track)) return BackoffError(now, model, track);
  if (waiter_models_.size() >= limits::kMaxWaiters) {
    return MakeError(absl::StatusCode::kResourceExhausted, "TOO_MANY_WAITERS",
                     absl::StrCat("the limit of ", limits::kMaxWaiters,
                                  " waiting callers is reached"),
                     {{"limit", "kMaxWaiters"}}, absl::Seconds(1));
  }
  const bool is_under_way =
      (track.state() == ModelState::kLoading && !track.is_cancelling) ||
      !track.waiters.empty();
  track.waiters.push_back({waiter, now, deadline,
                           is_under_way ? ServedAs::kLate : ServedAs::kCold});
  waiter_models_[waiter] = model;
  active_[model] = &track;
  if (track.state() == ModelState::kLoading) track.kind = LoadKind::kDemand;
  return std::nullopt;
}

absl::Status Coordinator::Request(absl::Time now, const ModelId& model,
                                  bool may_evict) {
  Track& track = tracks_[model];
  if (IsInBackoff(now, track)) return BackoffError(now, model, track);
  const bool is_there = track.state() == ModelState::kReady ||
                        track.state() == ModelState::kLoading;
  if (is_there && !track.is_cancelling) return absl::OkStatus();
  if (!track.is_requested) track.requested_at = now;
  track.is_requested = true;
  active_[model] = &track;
  track.may_evict = track.may_evict || may_evict;
  return absl::OkStatus();
}

std::optional<ModelId> Coordinator::Withdraw(WaiterId waiter) {
  const auto it = waiter_models_.find(waiter);
  if (it == waiter_models_.end()) return std::nullopt;
  ModelId model = it->second;
  Track& track = tracks_[model];
  const auto is_waiter = [&](const Waiter& w) { return w.id == waiter; };
  std::erase_if(track.waiters, is_waiter);
  std::erase_if(track.unload_waiters, is_waiter);
  // Nobody waits any more: the load may finish, but anybody's demand may now
  // take its place.
  if (track.state() == ModelState::kLoading && track.waiters.empty()) {
    track.kind = LoadKind::kSpeculative;
  }
  waiter_models_.erase(it);
  return model;
}

void Coordinator::AwaitUnload(absl::Time now, const ModelId& model,
                              WaiterId waiter, absl::Time deadline) {
  Track& track = tracks_[model];
  track.unload_waiters.push_back({waiter, now, deadline, ServedAs::kWarm});
  waiter_models_[waiter] = model;
  active_[model] = &track;
}

void Coordinator::Touch(absl::Time now, const ModelId& model) {
  Track& track = tracks_[model];
  track.last_used = std::max(track.last_used, now);
  if (track.state() == ModelState::kReady) track.was_served = true;
}

void Coordinator::HoldOffGuesses(const ModelId& model, absl::Time until) {
  tracks_[model].no_guess_before = until;
}

void Coordinator::Forget(const ModelId& model) {
  const auto it = tracks_.find(model);
  if (it == tracks_.end()) return;
  WARMUP_DCHECK(it->second.state() == ModelState::kCold ||
                it->second.state() == ModelState::kFailed);
  active_.erase(model);
  tracks_.erase(it);
}

LoadId Coordinator::BeginLoad(absl::Time now, const ModelId& model,
                              LoadKind kind, absl::Duration timeout) {
  Track& track = tracks_[model];
  track.machine.MoveTo(ModelState::kLoading);
  track.load_id = next_load_id_++;
  track.started_as = kind;
  track.kind = kind;
  track.load_started = now;
  track.load_deadline = now + timeout;
  track.changed_at = now;
  track.is_cancelling = false;
  track.has_timed_out = false;
  track.is_requested = false;
  track.may_evict = false;
  track.was_served = false;
  track.is_busy = false;
  track.done_bytes = 0;
  track.total_bytes = 0;
  loads_[track.load_id] = model;
  active_[model] = &track;
  return track.load_id;
}

LoadId Coordinator::BeginCancel(const ModelId& model) {
  Track& track = tracks_[model];
  WARMUP_DCHECK(track.state() == ModelState::kLoading);
  track.is_cancelling = true;
  return track.load_id;
}

void Coordinator::BeginUnload(const ModelId& model) {
  tracks_[model].machine.MoveTo(ModelState::kUnloading);
}

std::vector<Wake> Coordinator::Refuse(absl::Time now, const ModelId& model,
                                      const absl::Status& why) {
  Track& track = tracks_[model];
  track.is_requested = false;
  track.may_evict = false;
  return WakeAll(now, model, &track.waiters, why);
}

std::optional<Coordinator::LoadDone> Coordinator::OnLoadDone(
    absl::Time now, LoadId id, const absl::Status& status) {
  const auto it = loads_.find(id);
  if (it == loads_.end()) return std::nullopt;
  const ModelId model = it->second;
  loads_.erase(it);
  Track& track = tracks_[model];
  track.changed_at = now;
  LoadDone done{.model = model,
                .started_as = track.started_as,
                .was_cancelled = false,
                .duration = now - track.load_started,
                .status = status,
                .wakes = {}};
  // A load that became ready in spite of a cancel is ready: truth first.
  if (status.ok()) {
    track.machine.MoveTo(ModelState::kReady);
    track.failures = 0;
    track.last_error = absl::OkStatus();
    track.is_cancelling = false;
    track.ready_at = now;
    track.was_served = !track.waiters.empty();
    if (track.was_served) track.last_used = std::max(track.last_used, now);
    done.wakes = WakeAll(now, model, &track.waiters, status);
    return done;
  }
  if (track.is_cancelling && !track.has_timed_out) {
    // Those who came while it was being cancelled start it anew.
    track.machine.MoveTo(ModelState::kCold);
    track.is_cancelling = false;
    done.was_cancelled = true;
    return done;
  }
  if (track.has_timed_out) {
    done.status = MakeError(
        absl::StatusCode::kDeadlineExceeded, "LOAD_TIMED_OUT",
        absl::StrCat(
            "loading model \"", model, "\" took longer than ",
            absl::FormatDuration(track.load_deadline - track.load_started)),
        {{"model", model}});
  }
  track.machine.MoveTo(ModelState::kFailed);
  track.is_cancelling = false;
  track.retry_at = now + BackoffAfter(++track.failures);
  track.last_error = done.status;
  done.wakes = WakeAll(now, model, &track.waiters, done.status);
  return done;
}

std::vector<Wake> Coordinator::OnUnloadDone(absl::Time now,
                                            const ModelId& model,
                                            const absl::Status& status) {
  Track& track = tracks_[model];
  if (track.state() != ModelState::kUnloading) return {};
  track.machine.MoveTo(status.ok() ? ModelState::kCold : ModelState::kReady);
  track.changed_at = now;
  std::vector<Wake> wakes = WakeAll(now, model, &track.unload_waiters, status);
  if (track.state() == ModelState::kReady) {
    // It is still there, so those who came meanwhile have it.
    auto served = WakeAll(now, model, &track.waiters, absl::OkStatus());
    wakes.insert(wakes.end(), served.begin(), served.end());
  }
  return wakes;
}

std::vector<Wake> Coordinator::EndUnloadWait(absl::Time now,
                                             const ModelId& model) {
  return WakeAll(now, model, &tracks_[model].unload_waiters, absl::OkStatus());
}

std::vector<Wake> Coordinator::OnFoundReady(absl::Time now,
                                            const ModelId& model) {
  Track& track = tracks_[model];
  if (track.state() == ModelState::kFailed) {
    track.machine.MoveTo(ModelState::kCold);
  }
  if (!track.machine.MoveTo(ModelState::kReady)) return {};
  track.changed_at = now;
  track.ready_at = now;
  // Whoever loaded it did so for somebody: it is no guess of ours.
  track.started_as = LoadKind::kDemand;
  track.was_served = true;
  track.is_requested = false;
  track.may_evict = false;
  track.failures = 0;
  track.last_error = absl::OkStatus();
  active_[model] = &track;
  return WakeAll(now, model, &track.waiters, absl::OkStatus());
}

void Coordinator::OnLost(absl::Time now, const ModelId& model) {
  Track& track = tracks_[model];
  track.machine.MoveTo(ModelState::kCold);
  track.changed_at = now;
  track.is_busy = false;
}

void Coordinator::SetBusy(const ModelId& model, bool is_busy) {
  tracks_[model].is_busy = is_busy;
}

void Coordinator::EndBackoff(absl::Time now, const ModelId& model) {
  const auto it = tracks_.find(model);
  if (it == tracks_.end()) return;
  it->second.retry_at = std::min(it->second.retry_at, now);
}

std::optional<ModelId> Coordinator::OnProgress(LoadId id, int64_t done_bytes,
                                               int64_t total_bytes) {
  const auto it = loads_.find(id);
  if (it == loads_.end()) return std::nullopt;
  Track& track = tracks_[it->second];
  track.done_bytes = done_bytes;
  track.total_bytes = total_bytes;
  return it->second;
}

Coordinator::Expired Coordinator::Expire(absl::Time now) {
  Expired expired;
  for (auto& [model, held] : active_) {
    Track& track = *held;
    if (track.state() == ModelState::kLoading && !track.is_cancelling &&
        track.load_deadline <= now) {
      track.is_cancelling = true;
      track.has_timed_out = true;
      expired.cancels.push_back(track.load_id);
      auto wakes = WakeAll(
          now, model, &track.waiters,
          MakeError(
              absl::StatusCode::kDeadlineExceeded, "LOAD_TIMED_OUT",
              absl::StrCat("model \"", model, "\" was not ready after ",
                           absl::FormatDuration(now - track.load_started)),
              {{"model", model}}));
      expired.wakes.insert(expired.wakes.end(), wakes.begin(), wakes.end());
    }
    for (auto* waiters : {&track.waiters, &track.unload_waiters}) {
      std::vector<Waiter> late;
      std::erase_if(*waiters, [&](const Waiter& waiter) {
        if (waiter.deadline > now) return false;
        late.push_back(waiter);
        return true;
      });
      auto wakes = WakeAll(
          now, model, &late,
          MakeError(absl::StatusCode::kDeadlineExceeded, "WAIT_TIMED_OUT",
                    absl::StrCat("model \"", model, "\" is ",
                                 std::string(ToString(track.state())),
                                 " at the end of the caller's deadline"),
                    {{"model", model}}));
      expired.wakes.insert(expired.wakes.end(), wakes.begin(), wakes.end());
    }
  }
  std::erase_if(active_,
                [](const auto& entry) { return IsIdle(*entry.second); });
  return expired;
}

absl::Time Coordinator::NextDeadline() const {
  absl::Time next = absl::InfiniteFuture();
  for (const auto& [model, track] : active_) {
    if (track->state() == ModelState::kLoading && !track->is_cancelling) {
      next = std::min(next, track->load_deadline);
    }
    for (const Waiter& waiter : track->waiters) {
      next = std::min(next, waiter.deadline);
    }
    for (const Waiter& waiter : track->unload_waiters) {
      next = std::min(next, waiter.deadline);
    }
  }
  return next;
}

std::vector<Coordinator::Wanted> Coordinator::WantedModels(
    absl::Time now) const {
  // In this order: demands before requests, then who came first.
  std::vector<std::tuple<bool, absl::Time, WaiterId, Wanted>> queue;
  for (const auto& [model, track] : active_) {
    const bool can_start = track->state() == ModelState::kCold ||
                           track->state() == ModelState::kFailed;
    if (!can_start || IsInBackoff(now, *track)) continue;
    if (!track->waiters.empty()) {
      queue.push_back({false,
                       track->waiters.front().since,
                       track->waiters.front().id,
                       {model, LoadKind::kDemand, true}});
    } else if (track->is_requested) {
      queue.push_back({true,
                       track->requested_at,
                       0,
                       {model, LoadKind::kAnnounced, track->may_evict}});
    }
  }
  std::sort(queue.begin(), queue.end(), [](const auto& a, const auto& b) {
    const auto key = [](const auto& entry) {
      return std::tie(std::get<0>(entry), std::get<1>(entry),
                      std::get<2>(entry), std::get<3>(entry).model);
    };
    return key(a) < key(b);
  });
  std::vector<Wanted> wanted;
  for (auto& entry : queue) wanted.push_back(std::move(std::get<3>(entry)));
  return wanted;
}

const Coordinator::Track* Coordinator::Find(const ModelId& model) const {
  const auto it = tracks_.find(model);
  return it == tracks_.end() ? nullptr : &it->second;
}

bool Coordinator::IsBackingOff(absl::Time now, const ModelId& model) const {
  const Track* track = Find(model);
  return track != nullptr && IsInBackoff(now, *track);
}

absl::Duration Coordinator::BackoffAfter(int failures) {
  absl::Duration wait = options_.first_backoff;
  for (int i = 1; i < failures && wait < options_.max_backoff; ++i) wait *= 2;
  wait = std::min(wait, options_.max_backoff);
  std::uniform_real_distribution<double> jitter(options_.min_jitter, 1.0);
  return wait * jitter(random_);
}

std::vector<Wake> Coordinator::WakeAll(absl::Time now, const ModelId& model,
                                       std::vector<Waiter>* waiters,
                                       const absl::Status& status) {
  std::vector<Wake> wakes;
  for (const Waiter& waiter : *waiters) {
    waiter_models_.erase(waiter.id);
    wakes.push_back(
        {waiter.id, model, status, waiter.served_as, now - waiter.since});
  }
  waiters->clear();
  return wakes;
}

absl::Status Coordinator::BackoffError(absl::Time now, const ModelId& model,
                                       const Track& track) const {
  const absl::Duration wait = track.retry_at - now;
  return MakeError(
      absl::StatusCode::kUnavailable, "LOAD_BACKING_OFF",
      absl::StrCat("model \"", model, "\" failed to load ", track.failures,
                   " times in a row, next try in ", absl::FormatDuration(wait),
                   "; last error: ", track.last_error.message()),
      {{"model", model}}, wait);
}

}  // namespace warmup
