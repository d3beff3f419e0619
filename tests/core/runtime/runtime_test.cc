// The threaded runtime with a fake engine and store: what the director decides
// is carried out, and what callers were promised is kept.

#include "core/runtime/runtime.h"

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/limits.h"
#include "tests/core/runtime/runtime_fixture.h"

namespace warmup {
namespace {

using runtime_test::CuriousSink;
using runtime_test::Fixture;
using runtime_test::Model;
using runtime_test::Promise;

TEST_CASE("Runtime: what an engine shows and offers is taken up by itself") {
  Fixture fixture(true);
  fixture.engine.Offer({Model("offered")});
  fixture.Register(Model("m"));
  fixture.engine.SetResident("m", true);
  // A look begins when the one before was taken in.
  const auto look_again = [&] {
    const int looks = fixture.engine.look_count();
    do fixture.clock.Advance(absl::Minutes(1));
    while (!fixture.engine.AwaitLooks(looks + 3));
  };
  look_again();
  CHECK(fixture.runtime->GetModel("m")->state == ModelState::kReady);
  CHECK(fixture.runtime->GetModel("offered").ok());
  CHECK(fixture.engine.load_count() == 0);
  fixture.engine.SetHealth(absl::UnavailableError("nobody listens"));
  look_again();
  CHECK(fixture.runtime->GetModel("m")->state == ModelState::kCold);
  const auto engines = fixture.runtime->ListEngines().engines;
  REQUIRE(engines.size() == 1);
  CHECK(engines[0].health.message() == "nobody listens");
  CHECK(engines[0].models == 2);
}

TEST_CASE("Runtime: a caller waits for the engine and is told how it was") {
  Fixture fixture(false);
  fixture.Register(Model("m"));
  CHECK(fixture.Load("m") != 0);
  fixture.engine.AwaitLoading("m");
  fixture.clock.Advance(absl::Seconds(2));
  fixture.engine.Finish("m");
  const auto wake = fixture.loaded.Wait();
  REQUIRE(wake.ok());
  CHECK(wake->served_as == ServedAs::kCold);
  CHECK(wake->waited == absl::Seconds(2));
  CHECK(fixture.Load("m") == 0);
  CHECK(fixture.loaded.Wait()->served_as == ServedAs::kWarm);
}

TEST_CASE("Runtime: the engine is asked for what an update leaves open") {
  Fixture fixture(true);
  fixture.Register(Model("m", 60));
  ModelSpec spec = Model("m", 0);
  spec.labels["k"] = "v";
  Promise<absl::StatusOr<ModelView>> answer;
  fixture.runtime->UpdateModel(
      spec, std::nullopt,
      [&](absl::StatusOr<ModelView> view) { answer.Set(view); });
  const auto updated = answer.Wait();
  REQUIRE(updated.ok());
  CHECK(updated->spec.size_bytes == FakeEngine::kDescribedBytes);
  CHECK(updated->spec.labels.at("k") == "v");
  CHECK(updated->spec.revision == 2);
  spec.id = "nobody";
  fixture.runtime->UpdateModel(
      spec, std::nullopt,
      [&](absl::StatusOr<ModelView> view) { answer.Set(view); });
  CHECK(absl::IsNotFound(answer.Wait().status()));
}

TEST_CASE("Runtime: many callers share one load") {
  Fixture fixture(false);
  fixture.Register(Model("m"));
  for (int i = 0; i < 20; ++i) fixture.Load("m");
  fixture.engine.AwaitLoading("m");
  fixture.engine.Finish("m");
  for (int i = 0; i < 20; ++i) CHECK(fixture.loaded.Wait().ok());
  CHECK(fixture.engine.load_count() == 1);
}

TEST_CASE("Runtime: a second model drives out the first and gets its place") {
  Fixture fixture(true);
  fixture.Register(Model("a"));
  fixture.Register(Model("b"));
  fixture.Load("a");
  REQUIRE(fixture.loaded.Wait().ok());
  fixture.Load("b");
  REQUIRE(fixture.loaded.Wait().ok());
  CHECK(fixture.engine.resident() == std::set<ModelId>{"b"});
}

TEST_CASE("Runtime: an engine's error reaches the caller, then backs off") {
  Fixture fixture(false);
  fixture.Register(Model("m"));
  fixture.engine.Fail("m", absl::NotFoundError("/models/m is gone"));
  fixture.Load("m");
  const auto failed = fixture.loaded.Wait();
  CHECK(failed.status().code() == absl::StatusCode::kNotFound);
  CHECK(failed.status().message() == "/models/m is gone");
  fixture.Load("m");
  CHECK(GetErrorDetails(fixture.loaded.Wait().status()).reason ==
        "LOAD_BACKING_OFF");
}

TEST_CASE("Runtime: stopping answers everybody who waits") {
  Fixture fixture(false);
  fixture.Register(Model("m"));
  fixture.Load("m");
  fixture.engine.AwaitLoading("m");
  fixture.runtime->Stop();
  CHECK(fixture.loaded.Wait().status().code() ==
        absl::StatusCode::kUnavailable);
  CHECK(fixture.engine.resident().empty());
}

TEST_CASE("Runtime: a change that the store refuses is not called durable") {
  Fixture fixture(true);
  fixture.Register(Model("m"));
  fixture.store.FailWith(absl::ResourceExhaustedError("disk full"));
  Promise<absl::StatusOr<ModelView>> pinned;
  fixture.runtime->PinModel(
      "m", true, [&](absl::StatusOr<ModelView> view) { pinned.Set(view); });
  const auto answer = pinned.Wait();
  CHECK(GetErrorDetails(answer.status()).reason == "NOT_DURABLE");
  // Predictions and sessions go on.
  PredictionRequest request;
  CHECK(fixture.runtime->Predict(request).ok());
  Promise<absl::StatusOr<Runtime::SessionAnswer>> started;
  Session session;
  session.roles = {{"chat", "m"}};
  fixture.runtime->StartSession(
      session,
      [&](absl::StatusOr<Runtime::SessionAnswer> s) { started.Set(s); });
  const auto session_answer = started.Wait();
  REQUIRE(session_answer.ok());
  CHECK_FALSE(session_answer->is_durable);
  CHECK_FALSE(fixture.runtime->IsStoreHealthy());
}

TEST_CASE("Runtime: who withdrew is not woken, who stays is") {
  Fixture fixture(false);
  fixture.Register(Model("m"));
  Promise<absl::StatusOr<Wake>> withdrawn;
  const WaiterId waiter = fixture.runtime->LoadModel(
      "m", absl::InfiniteFuture(),
      [&](absl::StatusOr<Wake> wake) { withdrawn.Set(wake); });
  fixture.Load("m");
  fixture.engine.AwaitLoading("m");
  fixture.runtime->Withdraw(waiter);
  CHECK(fixture.runtime->GetStatus().waiters == 1);
  fixture.engine.Finish("m");
  CHECK(fixture.loaded.Wait().ok());
  fixture.runtime->Stop();
  CHECK_FALSE(withdrawn.IsSet());
}

TEST_CASE("Runtime: loads and a store that hang hold up no question") {
  Fixture fixture(false);
  fixture.Register(Model("a", 30));
  fixture.Register(Model("b", 30));
  fixture.store.Hang();
  fixture.Load("a");
  fixture.Load("b");
  fixture.engine.AwaitLoading("a");
  fixture.engine.AwaitLoading("b");  // beside the other
  Promise<absl::StatusOr<ModelView>> pinned;
  fixture.runtime->PinModel(
      "a", true, [&](absl::StatusOr<ModelView> view) { pinned.Set(view); });
  PredictionRequest request;
  CHECK(fixture.runtime->Predict(request).ok());
  UsageReport usage;
  usage.model = "a";
  CHECK(fixture.runtime->RecordUsage({usage}).ok());
  CHECK(fixture.runtime->GetStatus().models_loading == 2);
  CHECK(fixture.runtime->GetModel("a")->spec.is_pinned);
  CHECK_FALSE(pinned.IsSet());  // not before it is durable
  fixture.store.Resume();
  CHECK(pinned.Wait().ok());
  fixture.engine.Finish("b");
  fixture.engine.Finish("a");
  CHECK(fixture.loaded.Wait().ok());
  CHECK(fixture.loaded.Wait().ok());
}

TEST_CASE("Runtime: callbacks and observers may ask, no lock is held") {
  Fixture fixture(true);
  fixture.sink.Watch(fixture.runtime.get());
  fixture.Register(Model("m"));
  Promise<bool> asked;
  fixture.runtime->LoadModel(
      "m", absl::InfiniteFuture(), [&](const absl::StatusOr<Wake>&) {
        asked.Set(fixture.runtime->GetModel("m")->state == ModelState::kReady);
      });
  CHECK(asked.Wait());
  fixture.runtime->PinModel("m", true, [&](absl::StatusOr<ModelView> view) {
    asked.Set(view.ok() && fixture.runtime->GetStatus().models == 1);
  });
  CHECK(asked.Wait());
  fixture.runtime->Stop();
  // Registered, loading, ready, pinned.
  CHECK(fixture.sink.answers >= 4);
}

TEST_CASE("Runtime: what was learned is stored at the end and used again") {
  StoredState state;
  {
    Fixture fixture(true);
    fixture.Register(Model("m"));
    for (int i = 0; i < 20; ++i) {
      UsageReport usage;
      usage.model = "m";
      REQUIRE(fixture.runtime->RecordUsage({usage}).ok());
      fixture.clock.Advance(absl::Seconds(30));
    }
    fixture.runtime->Stop();
    for (const auto& commit : fixture.store.commits()) {
      for (const StoreChange& change : commit) {
        if (const auto* put = std::get_if<PutModel>(&change)) {
          state.models.push_back({put->spec, {}});
        }
        if (const auto* put = std::get_if<PutForesight>(&change)) {
          state.foresight = put->state;
        }
      }
    }
  }
  REQUIRE(state.foresight.has_value());
  Fixture again(true, false, state);
  again.clock.Advance(absl::Minutes(10));
  const auto prediction = again.runtime->Predict({});
  REQUIRE(prediction.ok());
  REQUIRE(prediction->models.size() == 1);
  // Or ten minutes of silence, if a tick has seen the clock before it went on.
  CHECK(prediction->models[0].forecast.p_5min > 0.5);
}

TEST_CASE("Runtime: callers from many threads keep the engine's promise") {
  Fixture fixture(true, true);
  constexpr int kModels = 6;
  for (int i = 0; i < kModels; ++i) {
    fixture.Register(Model("m" + std::to_string(i), 30));
  }
  std::atomic<int> answers = 0;
  std::atomic<int> failures = 0;  // Catch's macros are not thread-safe
  std::vector<std::thread> threads;
  constexpr int kCalls = 200;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kCalls; ++i) {
        const ModelId id = "m" + std::to_string((i * 7 + t) % kModels);
        fixture.runtime->LoadModel(id, absl::InfiniteFuture(),
                                   [&](const auto&) { ++answers; });
        UsageReport usage;
        usage.model = id;
        PredictionRequest request;
        if (!fixture.runtime->RecordUsage({usage}).ok() ||
            !fixture.runtime->Predict(request).ok() ||
            fixture.runtime->GetStatus().devices[0].used_bytes > 100) {
          ++failures;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  fixture.runtime->Stop();
  CHECK(answers == 4 * kCalls);
  CHECK(failures == 0);
  CHECK_FALSE(fixture.engine.had_overlap());
}

}  // namespace
}  // namespace warmup
