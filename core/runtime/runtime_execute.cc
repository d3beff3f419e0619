// The runtime's hands: carries effects out and brings the results back.

#include <algorithm>
#include <set>
#include <utility>

#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/runtime/event_data.h"
#include "core/runtime/runtime.h"

namespace warmup {
namespace {

// How often a load's progress is told to observers.
constexpr absl::Duration kProgressInterval = absl::Milliseconds(200);
// How long the ticker sleeps at most: forecasts age.
constexpr absl::Duration kTickInterval = absl::Seconds(1);
// After this a monitor that does not answer sees nothing.
constexpr absl::Duration kHungMonitor = absl::Seconds(15);

}  // namespace

// One load under way, shared by the worker that runs it and the lock's side
// that may cancel it.
class Runtime::LoadTask final : public LoadControl {
 public:
  bool IsCancelled() const override {
    return is_cancelled_.load(std::memory_order_relaxed);
  }
  void ReportProgress(int64_t done_bytes, int64_t total_bytes) override {
    done_bytes_.store(done_bytes, std::memory_order_relaxed);
    total_bytes_.store(total_bytes, std::memory_order_relaxed);
  }
  void Cancel() { is_cancelled_.store(true, std::memory_order_relaxed); }
  int64_t done_bytes() const {
    return done_bytes_.load(std::memory_order_relaxed);
  }
  int64_t total_bytes() const {
    return total_bytes_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<bool> is_cancelled_{false};
  std::atomic<int64_t> done_bytes_{0};
  std::atomic<int64_t> total_bytes_{0};
};

void Runtime::Start() {
  ticker_ = std::thread([this] { RunTicker(); });
}

void Runtime::Stop() {
  Waiting waiting;
  {
    MutexLock lock(mutex_);
    if (is_stopping_) return;
    is_stopping_ = true;
    for (const auto& [id, task] : tasks_) task->Cancel();
    waiting.swap(waiting_);
    tick_soon_.NotifyAll();
  }
  for (const auto& [waiter, wake] : waiting) {
    wake({.waiter = waiter,
          .model = {},
          .status = StoppingError(),
          .served_as = ServedAs::kCold,
          .waited = absl::ZeroDuration()});
  }
  if (ticker_.joinable()) ticker_.join();
  workers_.Join();
  SaveForesight();
  writer_.Flush().IgnoreError();  // those that are on their way
  SaveUses();
  writer_.Stop();
}

void Runtime::Commit(Effects* fx, std::function<void(absl::Status)> durable) {
  for (Event& event : fx->events) {
    auto appended = ports_.events.Append(std::move(event));
    if (!appended.ok()) continue;  // above the size limit: not ours
    fx->observation.has_new_events = true;
    fx->changes.push_back(AppendEvent{*std::move(appended)});
  }
  fx->events.clear();
  for (Event& notice : fx->notices) {
    fx->observation.has_new_events |=
        ports_.events.Append(std::move(notice)).ok();
  }
  fx->notices.clear();
  KeepUses(std::move(fx->uses));
  fx->uses.clear();
  if (!fx->changes.empty() || durable) {
    writer_.Enqueue(std::move(fx->changes), std::move(durable));
    fx->changes.clear();
  }
  if (is_stopping_) {  // what would start now would never end
    fx->loads.clear();
    fx->unloads.clear();
  }
  for (const LoadOrder& order : fx->loads) {
    tasks_[order.id] = std::make_shared<LoadTask>();
  }
  for (const LoadId id : fx->cancels) {
    const auto task = tasks_.find(id);
    if (task != tasks_.end()) task->second->Cancel();
  }
  if (director_.NextDeadline() < next_tick_) tick_soon_.NotifyAll();
}

void Runtime::Execute(Effects fx) {
  for (const LoadOrder& order : fx.loads) StartLoad(order);
  for (const UnloadOrder& order : fx.unloads) StartUnload(order);
  for (Wake& wake : fx.wakes) {
    std::function<void(Wake)> call;
    {
      MutexLock lock(mutex_);
      const auto it = waiting_.find(wake.waiter);
      if (it == waiting_.end()) continue;  // withdrew
      call = std::move(it->second);
      waiting_.erase(it);
    }
    call(std::move(wake));
  }
  if (fx.observation.IsEmpty()) return;
  for (EventSink* sink : ports_.sinks) sink->OnObservation(fx.observation);
}

void Runtime::StartLoad(const LoadOrder& order) {
  std::shared_ptr<LoadTask> task;
  std::shared_ptr<Engine> engine;
  {
    MutexLock lock(mutex_);
    task = tasks_[order.id];
    engine = FindEngine(order.spec.engine);
  }
  workers_.Run([this, order, task, engine] {
    FinishLoad(order.id, engine->Load(order.spec, *task));
  });
}

void Runtime::FinishLoad(LoadId id, const absl::StatusOr<LoadResult>& result) {
  Effects fx;
  {
    MutexLock lock(mutex_);
    tasks_.erase(id);
    director_.OnLoadDone(Now(), id, result, &fx);
    Commit(&fx, {});
  }
  Execute(std::move(fx));
}

void Runtime::StartUnload(const UnloadOrder& order) {
  std::shared_ptr<Engine> engine;
  {
    MutexLock lock(mutex_);
    engine = FindEngine(order.spec.engine);
  }
  workers_.Run([this, order, engine] {
    const absl::Status status = engine->Unload(order.spec);
    Effects fx;
    {
      MutexLock lock(mutex_);
      director_.OnUnloadDone(Now(), order.spec.id, status, &fx);
      Commit(&fx, {});
    }
    Execute(std::move(fx));
  });
}

void Runtime::RunTicker() {
  absl::Time next_save = Now() + options_.save_interval;
  absl::Time next_foresight = Now() + options_.foresight_interval;
  for (;;) {
    MeasureDevices();
    ReportProgress();
    LookAtEngines();
    if (Now() >= next_save) {
      next_save = Now() + options_.save_interval;
      SaveUses();
    }
    if (Now() >= next_foresight) {
      next_foresight = Now() + options_.foresight_interval;
      SaveForesight();
    }
    Effects fx;
    auto status = std::make_shared<Status>();
    {
      MutexLock lock(mutex_);
      if (is_stopping_) return;
      director_.Tick(Now(), &fx);
      Commit(&fx, {});
      *status = StatusNow();
    }
    {
      MutexLock lock(last_status_mutex_);
      last_status_ = std::move(status);
    }
    Execute(std::move(fx));
    MutexLock lock(mutex_);
    if (is_stopping_) return;
    const absl::Duration interval =
        tasks_.empty() ? kTickInterval : kProgressInterval;
    next_tick_ = std::min(Now() + interval, director_.NextDeadline());
    tick_soon_.WaitFor(mutex_, next_tick_ - Now());
    next_tick_ = absl::InfinitePast();
  }
}

void Runtime::MeasureDevices() {
  for (size_t i = 0; i < ports_.monitors.size(); ++i) {
    {
      MutexLock lock(mutex_);
      Measurement& measurement = measurements_[i];
      if (measurement.is_under_way) {
        if (Now() - measurement.began < kHungMonitor) continue;
        measurement.newest = MakeError(
            absl::StatusCode::kUnavailable, "MONITOR_HANGS",
            "devices of one kind are not seen any more: their driver does not "
            "answer");
        TellDevices();
        continue;
      }
      measurement.is_under_way = true;
      measurement.began = Now();
    }
    workers_.Run([this, i] {
      auto devices = ports_.monitors[i]->Sample();
      MutexLock lock(mutex_);
      measurements_[i].is_under_way = false;
      measurements_[i].newest = std::move(devices);
      TellDevices();
    });
  }
}

void Runtime::TellDevices() {
  std::vector<DeviceSample> devices;
  std::vector<absl::Status> not_seen;
  for (const Measurement& measurement : measurements_) {
    if (!measurement.newest.ok()) {
      not_seen.push_back(measurement.newest.status());
      continue;
    }
    devices.insert(devices.end(), measurement.newest->begin(),
                   measurement.newest->end());
  }
  director_.OnDevices(std::move(devices), std::move(not_seen));
}

void Runtime::ReportProgress() {
  Effects fx;
  {
    MutexLock lock(mutex_);
    for (const auto& [id, task] : tasks_) {
      director_.OnProgress(id, task->done_bytes(), task->total_bytes(), &fx);
    }
  }
  Execute(std::move(fx));
}

void Runtime::SaveForesight() {
  MutexLock lock(mutex_);
  if (director_.lessons() == saved_lessons_) return;
  saved_lessons_ = director_.lessons();
  writer_.Enqueue({PutForesight{director_.SaveForesight()}}, {});
}

void Runtime::OnStoreHealth(bool is_healthy, const absl::Status& status) {
  Log(MakeEvent(Now(), is_healthy ? "store_recovered" : "store_degraded",
                {{"error", std::string_view(status.message().data(),
                                            status.message().size())}}));
}

}  // namespace warmup
