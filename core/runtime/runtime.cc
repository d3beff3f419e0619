#include "core/runtime/runtime.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/base/status_macros.h"
#include "core/runtime/event_data.h"

namespace warmup {
namespace {

absl::Status NotDurable(const absl::Status& why) {
  return MakeError(
      absl::StatusCode::kUnavailable, "NOT_DURABLE",
      absl::StrCat("the change holds but would not survive a restart yet: ",
                   why.message()),
      {}, absl::Seconds(1));
}

// Of the log of use, at a start; far more than are told between two saves.
constexpr size_t kMostRelearned = 20'000;

}  // namespace

Runtime::Runtime(Options options, Ports ports, const StoredState& state)
    : options_(std::move(options)),
      ports_(std::move(ports)),
      started_at_(ports_.clock.Now()),
      writer_(ports_.store,
              [this](bool is_healthy, const absl::Status& status) {
                OnStoreHealth(is_healthy, status);
              }),
      director_(options_.director),
      measurements_(ports_.monitors.size()) {
  RestoreEngines(state);
  absl::Status restored;
  {
    MutexLock lock(mutex_);
    restored = director_.Restore(state);
    if (director_.told_until() != absl::InfinitePast()) {
      // The log has what is older too: it is sorted by when it happened.
      auto uses = ports_.uses.Read(
          {.after = {director_.told_until() - limits::kMaxFactAge},
           .has_context = true,
           .max_count = kMostRelearned});
      if (uses.ok()) director_.Relearn(*std::move(uses));
    }
    saved_lessons_ = director_.lessons();
    last_status_ = std::make_shared<const Status>(StatusNow());
  }
  if (!restored.ok()) {
    Log(MakeEvent(Now(), "foresight_begins_anew",
                  {{"error", std::string_view(restored.message().data(),
                                              restored.message().size())}}));
  }
}

Runtime::~Runtime() { Stop(); }

template <typename T>
void Runtime::Change(
    Done<T> done,
    const std::function<absl::StatusOr<T>(absl::Time, Effects*)>& decide) {
  Effects fx;
  absl::StatusOr<T> answer = absl::UnknownError("");
  std::function<void(absl::Status)> durable;
  {
    MutexLock lock(mutex_);
    answer = decide(Now(), &fx);
    if (answer.ok()) {
      durable = [answer, done](const absl::Status& status) {
        done(status.ok() ? answer : absl::StatusOr<T>(NotDurable(status)));
      };
      Commit(&fx, durable);
    }
  }
  if (!answer.ok()) {
    done(answer.status());
    return;
  }
  Execute(std::move(fx));
}

// For runtime_engines.cc.
template void Runtime::Change<EngineStatus>(
    Done<EngineStatus> done,
    const std::function<absl::StatusOr<EngineStatus>(absl::Time, Effects*)>&
        decide);

void Runtime::ChangeSession(
    Done<SessionAnswer> done,
    const std::function<absl::StatusOr<Session>(absl::Time, Effects*)>&
        decide) {
  Effects fx;
  absl::StatusOr<Session> session = absl::UnknownError("");
  {
    MutexLock lock(mutex_);
    session = decide(Now(), &fx);
    if (session.ok()) {
      Commit(&fx, [session = *session, done](const absl::Status& status) {
        done(SessionAnswer{session, status.ok()});
      });
    }
  }
  if (!session.ok()) {
    done(session.status());
    return;
  }
  Execute(std::move(fx));
}

void Runtime::ChangeModel(ModelSpec spec, Done<ModelView> done,
                          DecideModel decide) {
  std::shared_ptr<Engine> engine;
  {
    MutexLock lock(mutex_);
    engine = FindEngine(spec.engine);
  }
  if (engine == nullptr || !ValidateSpec(spec).ok()) {
    Change<ModelView>(std::move(done), [&](absl::Time now, Effects* fx) {
      return decide(now, std::move(spec), fx);  // names what is wrong
    });
    return;
  }
  workers_.Run([this, engine = std::move(engine), spec = std::move(spec),
                done = std::move(done), decide = std::move(decide)]() mutable {
    absl::StatusOr<ModelSpec> described = engine->Describe(spec);
    if (!described.ok()) {
      done(described.status());
      return;
    }
    Change<ModelView>(std::move(done), [&](absl::Time now, Effects* fx) {
      return decide(now, *std::move(described), fx);
    });
  });
}

void Runtime::RegisterModel(ModelSpec spec, Done<ModelView> done) {
  ChangeModel(std::move(spec), std::move(done),
              [this](absl::Time now, ModelSpec described, Effects* fx) {
                MutexAssert();
                return director_.RegisterModel(now, std::move(described), fx);
              });
}

void Runtime::UpdateModel(ModelSpec spec,
                          std::optional<int64_t> expected_revision,
                          Done<ModelView> done) {
  // Of a model that is not there the engine need not be asked.
  if (const auto known = GetModel(spec.id); !known.ok()) {
    done(known.status());
    return;
  }
  ChangeModel(std::move(spec), std::move(done),
              [this, expected_revision](absl::Time now, ModelSpec described,
                                        Effects* fx) {
                MutexAssert();
                return director_.UpdateModel(now, std::move(described),
                                             expected_revision, fx);
              });
}

void Runtime::RemoveModel(const ModelId& id, Done<ModelId> done) {
  Change<ModelId>(std::move(done),
                  [&](absl::Time now, Effects* fx) -> absl::StatusOr<ModelId> {
                    MutexAssert();
                    WARMUP_RETURN_IF_ERROR(director_.RemoveModel(now, id, fx));
                    return id;
                  });
}

void Runtime::PinModel(const ModelId& id, bool is_pinned,
                       Done<ModelView> done) {
  Change<ModelView>(std::move(done), [&](absl::Time now, Effects* fx) {
    MutexAssert();
    return director_.PinModel(now, id, is_pinned, fx);
  });
}

void Runtime::SetPolicy(const SwitchingPolicy& policy,
                        Done<SwitchingPolicy> done) {
  Change<SwitchingPolicy>(
      std::move(done),
      [&](absl::Time now, Effects* fx) -> absl::StatusOr<SwitchingPolicy> {
        MutexAssert();
        WARMUP_RETURN_IF_ERROR(director_.SetPolicy(now, policy, fx));
        return policy;
      });
}

absl::StatusOr<ModelView> Runtime::GetModel(const ModelId& id) const {
  MutexLock lock(mutex_);
  return director_.GetModel(id);
}

std::vector<ModelView> Runtime::ListModels(const ModelId& after,
                                           size_t limit) const {
  MutexLock lock(mutex_);
  return director_.ListModels(after, limit);
}

SwitchingPolicy Runtime::GetPolicy() const {
  MutexLock lock(mutex_);
  return director_.policy();
}

WaiterId Runtime::Wait(
    Done<Wake> done,
    const std::function<absl::Status(absl::Time, WaiterId, Effects*)>& ask) {
  Effects fx;
  absl::Status status;
  WaiterId waiter = 0;
  {
    MutexLock lock(mutex_);
    waiter = next_waiter_++;
    waiting_[waiter] = [done](Wake wake) {
      if (wake.status.ok()) {
        done(std::move(wake));
      } else {
        done(wake.status);
      }
    };
    status = is_stopping_ ? StoppingError() : ask(Now(), waiter, &fx);
    if (!status.ok()) waiting_.erase(waiter);
    Commit(&fx, {});
  }
  if (!status.ok()) {
    done(status);
    return 0;
  }
  Execute(std::move(fx));
  MutexLock lock(mutex_);
  return waiting_.contains(waiter) ? waiter : 0;
}

WaiterId Runtime::LoadModel(const ModelId& id, absl::Time deadline,
                            Done<Wake> done) {
  return Wait(std::move(done),
              [&](absl::Time now, WaiterId waiter, Effects* fx) {
                MutexAssert();
                return director_.DemandModel(now, id, waiter, deadline, fx);
              });
}

WaiterId Runtime::UnloadModel(const ModelId& id, absl::Time deadline,
                              Done<Wake> done) {
  return Wait(std::move(done),
              [&](absl::Time now, WaiterId waiter, Effects* fx) {
                MutexAssert();
                return director_.UnloadModel(now, id, waiter, deadline, fx);
              });
}

absl::Status Runtime::RequestLoad(const ModelId& id, bool may_evict) {
  Effects fx;
  {
    MutexLock lock(mutex_);
    WARMUP_RETURN_IF_ERROR(director_.RequestModel(Now(), id, may_evict, &fx));
    Commit(&fx, {});
  }
  Execute(std::move(fx));
  return absl::OkStatus();
}

bool Runtime::Withdraw(WaiterId waiter) {
  Effects fx;
  bool was_waiting = false;
  {
    MutexLock lock(mutex_);
    was_waiting = waiting_.erase(waiter) > 0;
    director_.Withdraw(Now(), waiter, &fx);
    Commit(&fx, {});
  }
  Execute(std::move(fx));
  return was_waiting;
}

LeaseId Runtime::NewLeaseId() {
  // Unique over restarts: leases of a former life must not be found again.
  return absl::StrCat("lease-", absl::Hex(absl::ToUnixMicros(started_at_)), "-",
                      next_lease_++);
}

absl::StatusOr<Lease> Runtime::AcquireLease(const ModelId& id,
                                            absl::Duration duration) {
  Effects fx;
  absl::StatusOr<Lease> lease = absl::UnknownError("");
  {
    MutexLock lock(mutex_);
    lease = director_.AcquireLease(Now(), NewLeaseId(), id, duration, &fx);
    Commit(&fx, {});
  }
  Execute(std::move(fx));
  return lease;
}

absl::StatusOr<Lease> Runtime::RenewLease(const LeaseId& id,
                                          absl::Duration duration) {
  MutexLock lock(mutex_);
  return director_.RenewLease(Now(), id, duration);
}

absl::Status Runtime::ReleaseLease(const LeaseId& id) {
  Effects fx;
  {
    MutexLock lock(mutex_);
    WARMUP_RETURN_IF_ERROR(director_.ReleaseLease(Now(), id, &fx));
    Commit(&fx, {});
  }
  Execute(std::move(fx));
  return absl::OkStatus();
}

void Runtime::StartSession(Session session, Done<SessionAnswer> done) {
  ChangeSession(std::move(done), [&](absl::Time now, Effects* fx) {
    MutexAssert();
    if (session.id.empty()) {
      session.id =
          absl::StrCat("session-", absl::Hex(absl::ToUnixMicros(started_at_)),
                       "-", next_session_++);
    }
    return director_.StartSession(now, std::move(session), fx);
  });
}

void Runtime::KeepAliveSession(
    const SessionId& id,
    const std::optional<std::map<std::string, ModelId>>& roles,
    Done<SessionAnswer> done) {
  ChangeSession(std::move(done), [&](absl::Time now, Effects* fx) {
    MutexAssert();
    return director_.KeepAliveSession(now, id, roles, fx);
  });
}

void Runtime::StopSession(const SessionId& id, Done<SessionAnswer> done) {
  ChangeSession(std::move(done), [&](absl::Time now, Effects* fx) {
    MutexAssert();
    return director_.StopSession(now, id, fx);
  });
}

std::vector<Session> Runtime::ListSessions() const {
  MutexLock lock(mutex_);
  return director_.ListSessions();
}

absl::Status Runtime::RecordUsage(const std::vector<UsageReport>& batch) {
  Effects fx;
  {
    MutexLock lock(mutex_);
    WARMUP_RETURN_IF_ERROR(director_.RecordUsage(Now(), batch, &fx));
    Commit(&fx, {});
  }
  Execute(std::move(fx));
  return absl::OkStatus();
}

absl::Status Runtime::ReportActivity(const std::vector<ActivityReport>& batch) {
  Effects fx;
  {
    MutexLock lock(mutex_);
    WARMUP_RETURN_IF_ERROR(director_.ReportActivity(Now(), batch, &fx));
    Commit(&fx, {});
  }
  Execute(std::move(fx));
  return absl::OkStatus();
}

absl::StatusOr<Prediction> Runtime::Predict(const PredictionRequest& request) {
  Effects fx;
  absl::StatusOr<Prediction> prediction = absl::UnknownError("");
  {
    MutexLock lock(mutex_);
    prediction = director_.Predict(Now(), request, &fx);
    Commit(&fx, {});
  }
  Execute(std::move(fx));
  return prediction;
}

void Runtime::Publish(Event event, Done<Event> done) {
  Change<Event>(std::move(done),
                [&](absl::Time now, Effects* fx) -> absl::StatusOr<Event> {
                  event.timestamp = now;
                  WARMUP_ASSIGN_OR_RETURN(
                      Event published, ports_.events.Append(std::move(event)));
                  fx->changes.push_back(AppendEvent{published});
                  fx->observation.has_new_events = true;
                  return published;
                });
}

void Runtime::Log(Event event) {
  Effects fx;
  fx.events.push_back(std::move(event));
  {
    MutexLock lock(mutex_);
    Commit(&fx, {});
  }
  Execute(std::move(fx));
}

Status Runtime::GetStatus() const {
  MutexLock lock(mutex_);
  return StatusNow();
}

std::shared_ptr<const Status> Runtime::LastStatus() const {
  MutexLock lock(last_status_mutex_);
  return last_status_;
}

}  // namespace warmup
