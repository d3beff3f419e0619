// An engine that dies, comes back empty, or hangs.

#include "tests/engines/contract/calls.h"
#include "tests/engines/contract/scenarios.h"
#include "tests/support/eventually.h"

namespace warmup::contract {
namespace {

void CheckAway(Subject& subject, const std::string& model) {
  const TimeLimit bounded(kCallTime);
  CheckNamed(subject, subject.engine().Look({subject.Spec(model)}).status());
  CheckNamed(subject, subject.engine().Discover().status());
  const absl::Status status = Load(subject, model).status();
  CheckNamed(subject, status);
  CHECK(absl::IsUnavailable(status));
  // Nothing is in its memory, or nobody can tell.
  if (const absl::Status unload = subject.engine().Unload(subject.Spec(model));
      !unload.ok()) {
    CheckNamed(subject, unload);
  }
}

void KilledAndRestarted(Subject& subject) {
  const std::string& model = ModelA(subject);
  LoadOk(subject, model);
  subject.Kill();
  CheckAway(subject, model);
  subject.Start();
  CHECK_FALSE(subject.IsLoaded(model));
  const Sighting sighting = LookAt(subject, model);
  CHECK(sighting.residency.tier != Tier::kReady);
  CHECK(sighting.uses == 0);
  CHECK_FALSE(sighting.was_unloaded);
  CHECK(subject.engine().Discover().ok());
  LoadOk(subject, model);
}

// Between two looks.
void RestartedUnseen(Subject& subject) {
  const std::string& model = ModelA(subject);
  LoadOk(subject, model);
  LookAt(subject, model);
  subject.Kill();
  subject.Start();
  CHECK_FALSE(LooksReady(subject, model));
  LoadOk(subject, model);
}

void KilledDuringALoad(Subject& subject) {
  const std::string& model = ModelA(subject);
  HeldLoads held(subject);
  BackgroundLoad load(subject.engine(), subject.Spec(model));
  subject.AwaitLoading(model);
  {
    const TimeLimit promptly(absl::Seconds(10));
    subject.Kill();
    const absl::Status status = load.Result().status();
    CheckNamed(subject, status);
    CHECK(absl::IsUnavailable(status));
  }
  held.Release();
  subject.Start();
  CHECK_FALSE(subject.IsLoaded(model));
  CHECK_FALSE(LooksReady(subject, model));
  LoadOk(subject, model);
}

void WorkerKilled(Subject& subject) {
  const std::string& model = ModelA(subject);
  LoadOk(subject, model);
  subject.KillWorker(model);
  CHECK_FALSE(subject.IsLoaded(model));
  if (subject.description().manners.shows_dead_workers) {
    AwaitReady(subject, model, false);
  } else {
    LookAt(subject, model);  // is answered, and may be wrong
  }
  // A load sees to it that it is ready.
  LoadOk(subject, model);
}

void WorkerKilledDuringALoad(Subject& subject) {
  const std::string& model = ModelA(subject);
  HeldLoads held(subject);
  BackgroundLoad load(subject.engine(), subject.Spec(model));
  subject.AwaitLoading(model);
  subject.KillWorker(model);
  held.Release();
  if (!Eventually([&] { return load.has_ended(); }, absl::Seconds(5))) {
    CHECK(subject.description().manners.killed_loads_hang);
    load.Cancel();
  }
  const absl::Status status = load.Result().status();
  if (!status.ok() && !absl::IsCancelled(status)) {
    CheckNamed(subject, status, model);
  }
  CHECK(subject.IsLoaded(model) == status.ok());
  AwaitAgreement(subject, model);
  LoadOk(subject, model);
}

// Ends within the bound, and is named.
void CheckBounded(Subject& subject, const std::function<absl::Status()>& call) {
  const TimeLimit bounded(kCallTime);
  CheckNamed(subject, call());
}

void Hung(Subject& subject) {
  const std::string& model = ModelA(subject);
  const ModelSpec spec = subject.Spec(model);
  Engine& engine = subject.engine();
  LoadOk(subject, model);
  subject.Hang();
  CheckBounded(subject, [&] { return engine.Look({spec}).status(); });
  CheckBounded(subject, [&] { return engine.Discover().status(); });
  CheckBounded(subject, [&] { return engine.Unload(spec); });
  {
    // A load ends when it is given up, at the latest.
    BackgroundLoad load(engine,
                        subject.Spec(subject.description().models.back()));
    const TimeLimit promptly(subject.description().manners.cancel_time);
    load.Cancel();
    CHECK_FALSE(load.Result().ok());
  }
  subject.Resume();
  REQUIRE(Eventually([&] { return engine.Look({spec}).ok(); }));
  CHECK(subject.IsLoaded(model));
  CHECK(LooksReady(subject, model));
  LoadOk(subject, subject.description().models.back());
}

void HungDuringALoad(Subject& subject) {
  const std::string& model = ModelA(subject);
  HeldLoads held(subject);
  BackgroundLoad load(subject.engine(), subject.Spec(model));
  subject.AwaitLoading(model);
  subject.Hang();
  {
    const TimeLimit promptly(subject.description().manners.cancel_time);
    load.Cancel();
    CHECK(absl::IsCancelled(load.Result().status()));
  }
  held.Release();
  subject.Resume();
  // It may have come to its end, nobody could take it back: that is seen.
  REQUIRE(Eventually(
      [&] { return subject.engine().Look({subject.Spec(model)}).ok(); }));
  AwaitAgreement(subject, model);
  LoadOk(subject, model);
}

// A load that hangs for a while, and is not given up, is done in the end.
void HungForAWhile(Subject& subject) {
  const std::string& model = ModelA(subject);
  HeldLoads held(subject);
  BackgroundLoad load(subject.engine(), subject.Spec(model));
  subject.AwaitLoading(model);
  subject.Hang();
  CHECK_FALSE(subject.engine().Look({subject.Spec(model)}).ok());
  CHECK_FALSE(load.has_ended());
  subject.Resume();
  held.Release();
  CheckOk(load.Result().status());
  CHECK(subject.IsLoaded(model));
}

}  // namespace

std::vector<Scenario> OutageScenarios() {
  using enum Ability;
  return {
      {"a killed engine is unavailable, and found empty when it is back",
       {kLoad, kRestart},
       KilledAndRestarted},
      {"an engine that was restarted between looks is found empty",
       {kLoad, kRestart},
       RestartedUnseen},
      {"an engine killed during a load: the load ends, nothing stays",
       {kLoad, kRestart, kHoldLoads},
       KilledDuringALoad},
      {"a worker that was killed is healed by a load",
       {kLoad, kKillWorker},
       WorkerKilled},
      {"a worker killed during a load: what the load says is so",
       {kLoad, kKillWorker, kHoldLoads},
       WorkerKilledDuringALoad},
      {"calls of an engine that hangs end, and all is right when it goes on",
       {kLoad, kUnload, kHang},
       Hung},
      {"a load that hangs ends when it is cancelled",
       {kLoad, kHang, kHoldLoads},
       HungDuringALoad},
      {"a load outlives a short hang of the engine",
       {kLoad, kHang, kHoldLoads},
       HungForAWhile},
  };
}

}  // namespace warmup::contract
