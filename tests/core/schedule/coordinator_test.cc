#include "core/schedule/coordinator.h"

#include "core/base/error.h"
#include "core/base/limits.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);
const absl::Time kNever = absl::InfiniteFuture();

absl::Time At(int seconds) { return kStart + absl::Seconds(seconds); }

Coordinator Make() { return Coordinator(Coordinator::Options{}); }

LoadId Begin(Coordinator& c, absl::Time now, const ModelId& model,
             LoadKind kind = LoadKind::kDemand) {
  return c.BeginLoad(now, model, kind, absl::Seconds(60));
}

TEST_CASE("Coordinator: all who want a model share one load") {
  Coordinator c = Make();
  REQUIRE(c.Demand(At(0), "m", 1, kNever).ok());
  REQUIRE(c.Demand(At(1), "m", 2, kNever).ok());
  REQUIRE(c.WantedModels(At(1)).size() == 1);
  const LoadId load = Begin(c, At(1), "m");
  REQUIRE(c.Demand(At(2), "m", 3, kNever).ok());
  CHECK(c.WantedModels(At(2)).empty());
  const auto done = c.OnLoadDone(At(5), load, absl::OkStatus());
  REQUIRE(done.has_value());
  REQUIRE(done->wakes.size() == 3);
  CHECK(done->wakes[0].served_as == ServedAs::kCold);
  CHECK(done->wakes[0].waited == absl::Seconds(5));
  CHECK(done->wakes[1].served_as == ServedAs::kLate);
  CHECK(done->wakes[2].waited == absl::Seconds(3));
  CHECK(c.waiter_count() == 0);
  // Each load is answered once.
  CHECK_FALSE(c.OnLoadDone(At(6), load, absl::OkStatus()).has_value());
}

TEST_CASE("Coordinator: a ready model is served at once") {
  Coordinator c = Make();
  REQUIRE(c.OnLoadDone(At(1), Begin(c, At(0), "m"), absl::OkStatus()));
  const auto wake = c.Demand(At(9), "m", 7, kNever);
  REQUIRE(wake.ok());
  REQUIRE(wake->has_value());
  CHECK((*wake)->served_as == ServedAs::kWarm);
  CHECK(c.Find("m")->last_used == At(9));
  CHECK(c.waiter_count() == 0);
}

TEST_CASE("Coordinator: demands are served in the order they came") {
  Coordinator c = Make();
  REQUIRE(c.Request(At(0), "asked", false).ok());
  REQUIRE(c.Demand(At(2), "z", 1, kNever).ok());
  REQUIRE(c.Demand(At(3), "a", 2, kNever).ok());
  const auto wanted = c.WantedModels(At(3));
  REQUIRE(wanted.size() == 3);
  CHECK(wanted[0].model == "z");
  CHECK(wanted[1].model == "a");
  CHECK(wanted[2].model == "asked");
  CHECK(wanted[2].kind == LoadKind::kAnnounced);
}

TEST_CASE("Coordinator: failures back off exponentially, with jitter") {
  Coordinator c = Make();
  absl::Time now = At(0);
  absl::Duration longest = absl::ZeroDuration();
  for (int i = 0; i < 14; ++i) {
    REQUIRE(c.Demand(now, "m", 100 + i, kNever).ok());
    const auto done = c.OnLoadDone(now, Begin(c, now, "m"),
                                   absl::InternalError("disk on fire"));
    REQUIRE(done->wakes.size() == 1);
    CHECK(done->wakes[0].status.message() == "disk on fire");
    const absl::Duration wait = c.Find("m")->retry_at - now;
    const absl::Duration whole =
        std::min(absl::Seconds(1) * (1 << i), absl::Minutes(5));
    CHECK(wait <= whole);
    CHECK(wait >= whole * 0.8);
    longest = std::max(longest, wait);
    const auto refused = c.Demand(now, "m", 200 + i, kNever);
    CHECK(refused.status().code() == absl::StatusCode::kUnavailable);
    CHECK(GetErrorDetails(refused.status()).retry_after.has_value());
    now += wait;
  }
  CHECK(longest > absl::Minutes(4) - absl::Seconds(1));
  // One success forgets them all.
  REQUIRE(c.OnLoadDone(now, Begin(c, now, "m"), absl::OkStatus()));
  CHECK(c.Find("m")->failures == 0);
}

TEST_CASE("Coordinator: a cancelled load is not a failure") {
  Coordinator c = Make();
  const LoadId load = Begin(c, At(0), "m", LoadKind::kSpeculative);
  CHECK(c.BeginCancel("m") == load);
  const auto done = c.OnLoadDone(At(1), load, absl::CancelledError("as asked"));
  REQUIRE(done.has_value());
  CHECK(done->was_cancelled);
  CHECK(c.Find("m")->state() == ModelState::kCold);
  CHECK(c.Find("m")->failures == 0);
}

TEST_CASE("Coordinator: who comes during a cancel starts the load anew") {
  Coordinator c = Make();
  const LoadId load = Begin(c, At(0), "m", LoadKind::kSpeculative);
  c.BeginCancel("m");
  REQUIRE(c.Demand(At(1), "m", 1, kNever).ok());
  const auto done = c.OnLoadDone(At(2), load, absl::CancelledError(""));
  CHECK(done->wakes.empty());
  REQUIRE(c.WantedModels(At(2)).size() == 1);
  REQUIRE(c.OnLoadDone(At(4), Begin(c, At(2), "m"), absl::OkStatus())
              ->wakes.size() == 1);
}

TEST_CASE("Coordinator: a load that finished in spite of a cancel is ready") {
  Coordinator c = Make();
  const LoadId load = Begin(c, At(0), "m", LoadKind::kSpeculative);
  c.BeginCancel("m");
  const auto done = c.OnLoadDone(At(1), load, absl::OkStatus());
  CHECK_FALSE(done->was_cancelled);
  CHECK(c.Find("m")->state() == ModelState::kReady);
}

TEST_CASE("Coordinator: a load that outlives its time fails and backs off") {
  Coordinator c = Make();
  REQUIRE(c.Demand(At(0), "m", 1, kNever).ok());
  const LoadId load = Begin(c, At(0), "m");
  CHECK(c.NextDeadline() == At(60));
  CHECK(c.Expire(At(59)).cancels.empty());
  const auto expired = c.Expire(At(60));
  REQUIRE(expired.cancels == std::vector<LoadId>{load});
  REQUIRE(expired.wakes.size() == 1);
  CHECK(expired.wakes[0].status.code() == absl::StatusCode::kDeadlineExceeded);
  CHECK(c.Expire(At(61)).cancels.empty());
  // Until the engine lets go the model is still loading.
  CHECK(c.Find("m")->state() == ModelState::kLoading);
  const auto done = c.OnLoadDone(At(70), load, absl::CancelledError(""));
  CHECK(done->status.code() == absl::StatusCode::kDeadlineExceeded);
  CHECK(c.IsBackingOff(At(70), "m"));
}

TEST_CASE("Coordinator: a caller's deadline ends its wait, not the load") {
  Coordinator c = Make();
  REQUIRE(c.Demand(At(0), "m", 1, At(5)).ok());
  Begin(c, At(0), "m");
  const auto expired = c.Expire(At(5));
  REQUIRE(expired.wakes.size() == 1);
  CHECK(expired.cancels.empty());
  CHECK(c.Find("m")->state() == ModelState::kLoading);
}

TEST_CASE("Coordinator: a load all callers left may be cancelled for others") {
  Coordinator c = Make();
  REQUIRE(c.Demand(At(0), "m", 1, kNever).ok());
  Begin(c, At(0), "m");
  CHECK(c.Withdraw(1));
  CHECK_FALSE(c.Withdraw(1));
  CHECK(c.Find("m")->kind == LoadKind::kSpeculative);
  REQUIRE(c.Demand(At(1), "m", 2, kNever).ok());
  CHECK(c.Find("m")->kind == LoadKind::kDemand);
}

TEST_CASE("Coordinator: a queued demand whose callers left is forgotten") {
  Coordinator c = Make();
  REQUIRE(c.Demand(At(0), "m", 1, kNever).ok());
  c.Withdraw(1);
  CHECK(c.WantedModels(At(0)).empty());
}

TEST_CASE("Coordinator: who comes during an unload is served after it") {
  Coordinator c = Make();
  REQUIRE(c.OnLoadDone(At(1), Begin(c, At(0), "m"), absl::OkStatus()));
  c.BeginUnload("m");
  c.AwaitUnload(At(2), "m", 1, kNever);
  REQUIRE(c.Demand(At(2), "m", 2, kNever).ok());
  CHECK(c.WantedModels(At(2)).empty());
  const auto wakes = c.OnUnloadDone(At(3), "m", absl::OkStatus());
  REQUIRE(wakes.size() == 1);
  CHECK(wakes[0].waiter == 1);
  CHECK(c.WantedModels(At(3)).size() == 1);
}

TEST_CASE("Coordinator: an unload the engine refused leaves it ready") {
  Coordinator c = Make();
  REQUIRE(c.OnLoadDone(At(1), Begin(c, At(0), "m"), absl::OkStatus()));
  c.BeginUnload("m");
  REQUIRE(c.Demand(At(2), "m", 2, kNever).ok());
  const auto wakes = c.OnUnloadDone(At(3), "m", absl::InternalError("no"));
  REQUIRE(wakes.size() == 1);
  CHECK(wakes[0].status.ok());
  CHECK(c.Find("m")->state() == ModelState::kReady);
}

TEST_CASE("Coordinator: refuses more waiters than the limit, by name") {
  Coordinator c = Make();
  for (size_t i = 1; i <= limits::kMaxWaiters; ++i) {
    REQUIRE(c.Demand(At(0), "m", i, kNever).ok());
  }
  const auto refused = c.Demand(At(0), "m", limits::kMaxWaiters + 1, kNever);
  CHECK(refused.status().code() == absl::StatusCode::kResourceExhausted);
  CHECK(GetErrorDetails(refused.status()).metadata["limit"] == "kMaxWaiters");
  CHECK(c.waiter_count() == limits::kMaxWaiters);
  CHECK(c.Withdraw(1));
  CHECK(c.Demand(At(0), "m", limits::kMaxWaiters + 1, kNever).ok());
}

}  // namespace
}  // namespace warmup
