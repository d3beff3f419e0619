// Loads that are given up or disturbed while they go on.

#include "tests/engines/contract/calls.h"
#include "tests/engines/contract/scenarios.h"
#include "tests/support/eventually.h"

namespace warmup::contract {
namespace {

// Nothing of a load stays: not the model, and not the memory.
void CheckNothingLeft(Subject& subject, int64_t bytes_before) {
  constexpr int64_t kSlackBytes = int64_t{16} << 20;
  const std::string& model = ModelA(subject);
  if (!subject.description().manners.cancelled_loads_come) {
    CHECK_FALSE(subject.IsLoaded(model));
  }
  CHECK_FALSE(LooksReady(subject, model));
  CHECK_FALSE(LookAt(subject, model).is_loading);
  CHECK(Eventually(
      [&] { return !LooksReady(subject, model) && !subject.IsLoaded(model); }));
  if (subject.WhyNot(Ability::kMemory) != nullptr) return;
  CHECK(Eventually([&] {
    LookAt(subject, model);
    return subject.MemoryBytes() < bytes_before + kSlackBytes;
  }));
}

void TakesItsTime(Subject& subject) {
  const std::string& model = ModelA(subject);
  HeldLoads held(subject);
  BackgroundLoad load(subject.engine(), subject.Spec(model));
  subject.AwaitLoading(model);
  // Looks are answered meanwhile.
  for (int i = 0; i < 3; ++i) {
    const Sighting sighting = LookAt(subject, model);
    CHECK(sighting.residency.tier != Tier::kReady);
    CHECK(sighting.uses == 0);
    CHECK(sighting.is_loading == subject.description().manners.shows_loading);
  }
  CHECK_FALSE(subject.IsLoaded(model));
  CHECK_FALSE(load.has_ended());
  held.Release();
  CheckOk(load.Result().status());
  CHECK(subject.IsLoaded(model));
  CHECK(LooksReady(subject, model));
  CHECK_FALSE(LookAt(subject, model).is_loading);
}

void CancelLeavesNothing(Subject& subject) {
  const std::string& model = ModelA(subject);
  LookAt(subject, model);
  const int64_t bytes_before = subject.MemoryBytes();
  HeldLoads held(subject);
  BackgroundLoad load(subject.engine(), subject.Spec(model));
  subject.AwaitLoading(model);
  {
    const TimeLimit promptly(subject.description().manners.cancel_time);
    load.Cancel();
    CHECK(absl::IsCancelled(load.Result().status()));
  }
  held.Release();
  CheckNothingLeft(subject, bytes_before);
  CHECK(LookAt(subject, model).uses == 0);
  LoadOk(subject, model);
}

void CancelBeforeLoadsNothing(Subject& subject) {
  const std::string& model = ModelA(subject);
  TestControl control;
  control.Cancel();
  const absl::Status status =
      subject.engine().Load(subject.Spec(model), control).status();
  INFO(status.ToString());
  CHECK(absl::IsCancelled(status));
  CHECK_FALSE(subject.IsLoaded(model));
  CHECK_FALSE(LooksReady(subject, model));
}

void CancelLeavesWhatWasThere(Subject& subject) {
  const std::string& model = ModelA(subject);
  LoadOk(subject, model);
  TestControl control;
  control.Cancel();
  // It may be done all the same: it is ready at once.
  const auto result = subject.engine().Load(subject.Spec(model), control);
  CHECK((result.ok() || absl::IsCancelled(result.status())));
  CHECK(subject.IsLoaded(model));
  CHECK(LooksReady(subject, model));
}

void JoinsTheirLoad(Subject& subject) {
  const std::string& model = ModelA(subject);
  HeldLoads held(subject);
  InBackground theirs([&] { return subject.LoadByHand(model); });
  subject.AwaitLoading(model);
  BackgroundLoad ours(subject.engine(), subject.Spec(model));
  held.Release();
  CheckOk(ours.Result().status());
  CheckOk(theirs.Result());
  CHECK(subject.IsLoaded(model));
  CHECK(LooksReady(subject, model));
}

void CancelLeavesTheirLoad(Subject& subject) {
  const std::string& model = ModelA(subject);
  HeldLoads held(subject);
  InBackground theirs([&] { return subject.LoadByHand(model); });
  subject.AwaitLoading(model);
  CHECK(LookAt(subject, model).is_loading ==
        subject.description().manners.shows_loading);
  BackgroundLoad ours(subject.engine(), subject.Spec(model));
  ours.Cancel();
  CHECK(absl::IsCancelled(ours.Result().status()));
  CHECK_FALSE(theirs.has_ended());
  held.Release();
  CheckOk(theirs.Result());
  AwaitReady(subject, model, true);
}

void UnloadDuringTheirLoad(Subject& subject) {
  const std::string& model = ModelA(subject);
  HeldLoads held(subject);
  InBackground theirs([&] { return subject.LoadByHand(model); });
  subject.AwaitLoading(model);
  InBackground unload(
      [&] { return subject.engine().Unload(subject.Spec(model)); });
  // One that waits for the load will take it; one that does not leaves it.
  Eventually([&] { return unload.has_ended() || theirs.has_ended(); },
             absl::Seconds(2));
  const bool has_left_it = unload.has_ended();
  held.Release();
  unload.Result();
  if (!subject.description().manners.unload_aborts_loads) {
    CheckOk(theirs.Result());
    if (has_left_it) CHECK(subject.IsLoaded(model));
  } else {
    theirs.Result();
  }
  AwaitAgreement(subject, model);
}

// Whether a server that may do so has crashed of an unload that met a load of
// the model: it was told from all else by name, and it is back.
bool HasCrashedOfUnload(Subject& subject, const std::string& model) {
  if (!subject.description().manners.may_crash_of_unloads) return false;
  // Which waits for the unload, and meets a crash at any moment of it.
  const absl::Status status = Load(subject, model).status();
  if (status.ok() || !subject.Revive()) {
    CheckOk(status);
    return false;
  }
  CheckNamed(subject, status);
  CHECK(absl::IsUnavailable(status));
  return true;
}

void TheirUnloadDuringOurLoad(Subject& subject) {
  const std::string& model = ModelA(subject);
  HeldLoads held(subject);
  BackgroundLoad ours(subject.engine(), subject.Spec(model));
  subject.AwaitLoading(model);
  InBackground theirs([&] { return subject.UnloadByHand(model); });
  Eventually([&] { return ours.has_ended() || theirs.has_ended(); },
             absl::Seconds(2));
  held.Release();
  const absl::Status status = ours.Result().status();
  theirs.Result();
  if (HasCrashedOfUnload(subject, model)) {
    if (!status.ok()) CheckNamed(subject, status);
  } else if (!status.ok()) {
    CheckNamed(subject, status, model);
  }
  AwaitAgreement(subject, model);
  LoadOk(subject, model);
}

}  // namespace

std::vector<Scenario> CancelScenarios() {
  using enum Ability;
  return {
      {"a load takes as long as it takes, and looks go on",
       {kLoad, kHoldLoads},
       TakesItsTime},
      {"a cancelled load ends promptly and leaves nothing",
       {kLoad, kHoldLoads},
       CancelLeavesNothing},
      {"a load that was cancelled before loads nothing",
       {kLoad},
       CancelBeforeLoadsNothing},
      {"a cancelled load leaves what was there",
       {kLoad},
       CancelLeavesWhatWasThere},
      {"a load of what somebody else is loading joins it",
       {kLoad, kHoldLoads, kOthersLoad},
       JoinsTheirLoad},
      {"a cancelled load leaves somebody else's load",
       {kLoad, kHoldLoads, kOthersLoad},
       CancelLeavesTheirLoad},
      {"an unload during somebody else's load ends, and the truth is seen",
       {kUnload, kHoldLoads, kOthersLoad},
       UnloadDuringTheirLoad},
      {"somebody else's unload during a load: what the load says is so",
       {kLoad, kHoldLoads, kOthersUnload},
       TheirUnloadDuringOurLoad},
  };
}

}  // namespace warmup::contract
