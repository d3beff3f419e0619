// Requests that last.

#include "tests/engines/contract/calls.h"
#include "tests/engines/contract/scenarios.h"
#include "tests/support/eventually.h"

namespace warmup::contract {
namespace {

void LoadFor(Subject& subject, const std::string& model) {
  CheckOk(subject.WhyNot(Ability::kOthersLoad) == nullptr
              ? subject.LoadByHand(model)
              : Load(subject, model).status());
}

// An unload, to its end while the request goes on: it may wait and give up.
void UnloadDuringRequest(Subject& subject) {
  const std::string& model = ModelA(subject);
  LoadFor(subject, model);
  LookAt(subject, model);
  CheckOk(subject.BeginUse(model));
  const bool cuts = subject.description().manners.unload_cuts_requests;
  absl::Status status;
  {
    const TimeLimit bounded(kCallTime);
    status = subject.engine().Unload(subject.Spec(model));
  }
  INFO(status.ToString());
  const bool stops_serving = subject.description().manners.unload_stops_serving;
  if (!stops_serving) CHECK(subject.IsLoaded(model) == !status.ok());
  if (!status.ok()) {
    CheckNamed(subject, status, model);
    CHECK(ReasonOf(status) == "MEMORY_IN_USE");
  }
  CHECK((!status.ok() || cuts || stops_serving));
  const absl::Status request = subject.EndUse(model);
  INFO(request.ToString());
  CHECK(request.ok() == !cuts);
  AwaitAgreement(subject, model);
  UnloadOk(subject, model);
}

// An unload whose request ends meanwhile.
void UnloadAwaitsRequest(Subject& subject) {
  const std::string& model = ModelA(subject);
  LoadFor(subject, model);
  CheckOk(subject.BeginUse(model));
  InBackground unload(
      [&] { return subject.engine().Unload(subject.Spec(model)); });
  const absl::Status request = subject.EndUse(model);
  INFO(request.ToString());
  if (!subject.description().manners.unload_cuts_requests) {
    CHECK(request.ok());
  }
  // The request's end may have taken longer than an unload waits.
  if (const absl::Status& status = unload.Result(); !status.ok()) {
    CheckNamed(subject, status, model);
    CHECK(ReasonOf(status) == "MEMORY_IN_USE");
    CheckOk(subject.engine().Unload(subject.Spec(model)));
  }
  CHECK_FALSE(subject.IsLoaded(model));
  CHECK_FALSE(LooksReady(subject, model));
}

void LoadsBesideARequest(Subject& subject) {
  const std::string& busy = ModelA(subject);
  LoadFor(subject, busy);
  CheckOk(subject.BeginUse(busy));
  CheckOk(Load(subject, ModelB(subject)).status());
  CHECK(subject.IsLoaded(ModelB(subject)));
  CHECK(LooksReady(subject, busy));
  CheckOk(subject.EndUse(busy));
  CHECK(subject.IsLoaded(busy));
}

void RequestIsOneUse(Subject& subject) {
  const std::string& model = ModelA(subject);
  LoadFor(subject, model);
  LookAt(subject, model);
  LookAt(subject, model);
  CheckOk(subject.BeginUse(model));
  int64_t uses = 0;
  for (int i = 0; i < 5; ++i) {
    const Sighting sighting = LookAt(subject, model);
    uses += sighting.uses;
    CHECK(sighting.residency.tier == Tier::kReady);
  }
  CheckOk(subject.EndUse(model));
  CHECK(Eventually([&] {
    uses += LookAt(subject, model).uses;
    return uses > 0;
  }));
  for (int i = 0; i < 3; ++i) uses += LookAt(subject, model).uses;
  CHECK(uses == 1);
}

}  // namespace

std::vector<Scenario> StreamScenarios() {
  using enum Ability;
  return {
      {"an unload during a request cuts it only as documented",
       {kUnload, kStream},
       UnloadDuringRequest},
      {"an unload is done when the request has ended",
       {kUnload, kStream},
       UnloadAwaitsRequest},
      {"a load goes on beside a request",
       {kLoad, kStream, kTwoModels},
       LoadsBesideARequest},
      {"a request that lasts is one use", {kStream, kUse}, RequestIsOneUse},
  };
}

}  // namespace warmup::contract
