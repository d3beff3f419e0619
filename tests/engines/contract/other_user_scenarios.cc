// What others do with the engine is taken as it is.

#include <algorithm>

#include "tests/engines/contract/calls.h"
#include "tests/engines/contract/scenarios.h"
#include "tests/support/eventually.h"

namespace warmup::contract {
namespace {

// The uses that looks tell from now on, until there were `least`, and in three
// more.
int64_t UsesSeen(Subject& subject, const std::string& model, int64_t least) {
  int64_t uses = 0;
  CHECK(Eventually([&] {
    uses += LookAt(subject, model).uses;
    return uses >= least;
  }));
  for (int i = 0; i < 3; ++i) uses += LookAt(subject, model).uses;
  return uses;
}

void UseIsToldOnce(Subject& subject) {
  const std::string& model = ModelA(subject);
  LookAt(subject, model);
  // The first brings the model in, where the engine loads by itself.
  if (subject.WhyNot(Ability::kOthersLoad) == nullptr) {
    CheckOk(subject.LoadByHand(model));
  } else {
    LoadOk(subject, model);
  }
  UsesSeen(subject, model, 0);
  for (int i = 0; i < 3; ++i) {
    CheckOk(subject.Use(model));
    CHECK(UsesSeen(subject, model, 1) == 1);
  }
}

void EachUseGoesToItsModel(Subject& subject) {
  CheckOk(Load(subject, ModelA(subject)).status());
  CheckOk(Load(subject, ModelB(subject)).status());
  LookAt(subject, subject.description().models);
  // One that follows our own load at once may be taken for it.
  CHECK(Eventually([&] {
    CheckOk(subject.Use(ModelB(subject)));
    const auto seen = LookAt(subject, {ModelA(subject), ModelB(subject)});
    CHECK(seen[0].uses == 0);
    return seen[1].uses > 0;
  }));
}

void OwnCallsAreNoUse(Subject& subject) {
  const std::string& model = ModelA(subject);
  const auto uses = [&] { return LookAt(subject, model).uses; };
  CHECK(uses() == 0);
  CheckOk(Load(subject, model).status());
  for (int i = 0; i < 3; ++i) CHECK(uses() == 0);
  CheckOk(Load(subject, model).status());
  CHECK(subject.engine().Discover().ok());
  CHECK(subject.engine().Describe(subject.Spec(model)).ok());
  for (int i = 0; i < 3; ++i) CHECK(uses() == 0);
  if (subject.WhyNot(Ability::kUnload) != nullptr) return;
  CheckOk(subject.engine().Unload(subject.Spec(model)));
  CHECK(uses() == 0);
  CHECK_FALSE(LookAt(subject, model).was_unloaded);
}

void SeesTheirLoad(Subject& subject) {
  const std::string& model = ModelA(subject);
  LookAt(subject, model);
  CheckOk(subject.LoadByHand(model));
  AwaitReady(subject, model, true);
  if (subject.engine().info().abilities.shows_memory) {
    CHECK(LookAt(subject, model).residency.resident_bytes > 0);
  }
  // It is ready at once for us too.
  if (subject.WhyNot(Ability::kLoad) == nullptr) {
    CHECK(LoadOk(subject, model).read_bytes == 0);
  }
}

void SeesTheirUnload(Subject& subject) {
  const std::string& model = ModelA(subject);
  LoadOk(subject, model);
  CHECK_FALSE(LookAt(subject, model).was_unloaded);
  CheckOk(subject.UnloadByHand(model));
  // Looks may see it half done.
  int told = 0;
  CHECK(Eventually([&] {
    const Sighting sighting = LookAt(subject, model);
    if (sighting.was_unloaded) ++told;
    CHECK(sighting.uses == 0);
    return sighting.residency.tier != Tier::kReady && !subject.IsLoaded(model);
  }));
  if (LookAt(subject, model).was_unloaded) ++told;
  CHECK(told == (subject.description().manners.shows_unloads_by_hand ? 1 : 0));
  LoadOk(subject, model);
}

void LooksKeepNothingAwake(Subject& subject) {
  const std::string& model = ModelA(subject);
  LookAt(subject, model);
  CheckOk(subject.LoadForASecond(model));
  bool was_unloaded = false;
  CHECK(Eventually([&] {
    was_unloaded = LookAt(subject, model).was_unloaded || was_unloaded;
    return !subject.IsLoaded(model);
  }));
  AwaitReady(subject, model, false);
  CHECK_FALSE(LookAt(subject, model).was_unloaded);
  CHECK_FALSE(was_unloaded);  // by itself
}

}  // namespace

std::vector<Scenario> OtherUserScenarios() {
  using enum Ability;
  return {
      {"a use is seen, and told once", {kLoad, kUse}, UseIsToldOnce},
      {"a use goes to the model that was used",
       {kLoad, kUse, kTwoModels},
       EachUseGoesToItsModel},
      {"our own calls are no use, our unload not somebody else's",
       {kLoad},
       OwnCallsAreNoUse},
      {"a model that somebody else loaded is found",
       {kOthersLoad},
       SeesTheirLoad},
      {"a model that somebody else unloaded is noticed",
       {kLoad, kOthersUnload},
       SeesTheirUnload},
      {"looks keep no model awake", {kExpires}, LooksKeepNothingAwake},
  };
}

}  // namespace warmup::contract
