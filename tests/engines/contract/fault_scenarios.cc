// Wrong answers, of fakes.

#include "tests/engines/contract/calls.h"
#include "tests/engines/contract/scenarios.h"

namespace warmup::contract {
namespace {

void CheckWrongAnswers(Subject& subject, Fault fault) {
  const std::string& model = ModelA(subject);
  const std::string& other = subject.description().models.back();
  LoadOk(subject, model);
  subject.Fail(fault);
  Engine& engine = subject.engine();
  const ModelSpec spec = subject.Spec(model);
  {
    const TimeLimit bounded(kCallTime);
    CheckNamed(subject, engine.Look({spec}).status());
    CheckNamed(subject, engine.Discover().status());
    CheckNamed(subject, engine.Unload(spec));
    CheckNamed(subject, Load(subject, other).status());
  }
  subject.Heal();
  CHECK(subject.IsLoaded(model));
  CHECK(LooksReady(subject, model));
  LoadOk(subject, other);
  UnloadOk(subject, model);
}

void Garbage(Subject& subject) { CheckWrongAnswers(subject, Fault::kGarbage); }

void WithoutEnd(Subject& subject) {
  CheckWrongAnswers(subject, Fault::kWithoutEnd);
}

void Slow(Subject& subject) {
  const std::string& model = ModelA(subject);
  subject.Fail(Fault::kSlow);
  CHECK(subject.engine().Discover().ok());
  LoadOk(subject, model);
  UnloadOk(subject, model);
}

void Lies(Subject& subject) {
  const std::string& model = ModelA(subject);
  subject.Fail(Fault::kLies);
  const absl::Status status = Load(subject, model).status();
  CheckNamed(subject, status, model);
  CHECK(absl::IsUnavailable(status));
  CHECK(ReasonOf(status) == "LOAD_NOT_CONFIRMED");
  CHECK_FALSE(LooksReady(subject, model));
}

// From the start.
void OtherServer(Subject& subject) {
  const std::string& model = ModelA(subject);
  subject.Fail(Fault::kOtherServer);
  const absl::Status discovered = subject.engine().Discover().status();
  CheckNamed(subject, discovered);
  CHECK(absl::IsFailedPrecondition(discovered));
  CheckNamed(subject, subject.engine().Look({subject.Spec(model)}).status());
  CheckNamed(subject, Load(subject, model).status());
  CHECK_FALSE(subject.IsLoaded(model));
  // The right one came in its place.
  subject.Heal();
  CHECK(subject.engine().Discover().ok());
  LoadOk(subject, model);
}

}  // namespace

std::vector<Scenario> FaultScenarios() {
  using enum Ability;
  return {
      {"garbage for answers is an error, and passes",
       {kLoad, kUnload, kFaults},
       Garbage},
      {"answers without end are an error, and pass",
       {kLoad, kUnload, kFaults},
       WithoutEnd},
      {"slow answers are answers", {kLoad, kUnload, kFaults}, Slow},
      {"a success without a load is an error", {kLoad, kFaults}, Lies},
      {"another server in its place is told, until the right one comes",
       {kLoad, kFaults},
       OtherServer},
  };
}

}  // namespace warmup::contract
