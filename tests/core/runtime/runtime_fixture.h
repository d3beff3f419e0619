#ifndef WARMUP_TESTS_CORE_RUNTIME_RUNTIME_FIXTURE_H_
#define WARMUP_TESTS_CORE_RUNTIME_RUNTIME_FIXTURE_H_

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/runtime/runtime.h"
#include "tests/support/catch.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_engine.h"
#include "tests/support/fake_engine_finder.h"
#include "tests/support/fake_monitor.h"
#include "tests/support/fake_store.h"

// The threaded runtime with a fake engine and store.
namespace warmup::runtime_test {

// A value another thread brings.
template <typename T>
class Promise {
 public:
  void Set(T value) {
    MutexLock lock(mutex_);
    values_.push_back(std::move(value));
    changed_.NotifyAll();
  }
  bool IsSet() {
    MutexLock lock(mutex_);
    return !values_.empty();
  }
  T Wait() {
    MutexLock lock(mutex_);
    while (values_.empty()) changed_.Wait(mutex_);
    T value = std::move(values_.front());
    values_.erase(values_.begin());
    return value;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::vector<T> values_ ABSL_GUARDED_BY(mutex_);
};

inline ModelSpec Model(const ModelId& id, int64_t size_bytes = 60) {
  ModelSpec spec;
  spec.id = id;
  spec.engine = "fake";
  spec.source = "/models/" + id;
  spec.type = ModelType::kChat;
  spec.size_bytes = size_bytes;
  return spec;
}

// Asks the runtime whenever it is told something, which would never return if
// it were told under the runtime's lock.
class CuriousSink final : public EventSink {
 public:
  void Watch(const Runtime* runtime) { runtime_ = runtime; }
  void OnObservation(const Observation& observation) override {
    if (runtime_ == nullptr) return;
    for (const ModelView& view : observation.changed) {
      if (runtime_.load()->GetModel(view.spec.id).ok()) ++answers;
    }
  }
  std::atomic<int> answers = 0;

 private:
  std::atomic<const Runtime*> runtime_ = nullptr;
};

struct Fixture {
  explicit Fixture(bool is_instant, bool predicts = false,
                   const StoredState& state = {})
      : engine(is_instant),
        events({.max_events = 1000,
                .max_bytes = 1 << 20,
                .next_sequence = 1,
                .id_prefix = "test-"},
               [](const Event& event) { return event.type + "\n"; }) {
    Runtime::Options options;
    options.director.devices["host"] = {.budget_bytes = 100,
                                        .reserve_bytes = 0};
    options.director.engines = {"fake"};
    options.director.policy.predictive_preloading = predicts;
    options.director.policy.max_concurrent_loads = 2;
    runtime = std::make_unique<Runtime>(options,
                                        Runtime::Ports{clock,
                                                       store,
                                                       events,
                                                       {{"fake", &engine}},
                                                       {&monitor},
                                                       {&sink},
                                                       finder,
                                                       store},
                                        state);
    runtime->Start();
  }

  void Register(const ModelSpec& spec) {
    Promise<absl::StatusOr<ModelView>> answer;
    runtime->RegisterModel(
        spec, [&](absl::StatusOr<ModelView> view) { answer.Set(view); });
    REQUIRE(answer.Wait().ok());
  }

  WaiterId Load(const ModelId& id) {
    return runtime->LoadModel(
        id, absl::InfiniteFuture(),
        [this](absl::StatusOr<Wake> wake) { loaded.Set(wake); });
  }

  FakeClock clock;
  FakeStore store;
  FakeEngine engine;
  FakeEngineFinder finder;
  FakeMonitor monitor{{HostOf(1'000'000, 1'000'000)}};
  EventLog events;
  CuriousSink sink;
  Promise<absl::StatusOr<Wake>> loaded;
  std::unique_ptr<Runtime> runtime;
};

}  // namespace warmup::runtime_test

#endif  // WARMUP_TESTS_CORE_RUNTIME_RUNTIME_FIXTURE_H_
