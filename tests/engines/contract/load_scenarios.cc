// Loads and unloads that go well.

#include <algorithm>

#include "tests/engines/contract/calls.h"
#include "tests/engines/contract/scenarios.h"
#include "tests/support/eventually.h"

namespace warmup::contract {
namespace {

void ListsModels(Subject& subject) {
  const auto specs = subject.engine().Discover();
  INFO(specs.status().ToString());
  REQUIRE(specs.ok());
  for (const std::string& model : subject.description().models) {
    INFO(model);
    const auto found =
        std::find_if(specs->begin(), specs->end(), [&](const ModelSpec& spec) {
          return NameInEngine(spec) == NameInEngine(subject.Spec(model));
        });
    REQUIRE(found != specs->end());
    CHECK(found->engine == subject.engine().info().id);
    CHECK(subject.engine().Describe(*found).ok());
    CHECK_FALSE(subject.IsLoaded(model));
  }
}

void Loads(Subject& subject) {
  const std::string& model = ModelA(subject);
  CHECK_FALSE(LooksReady(subject, model));
  CHECK_FALSE(subject.IsLoaded(model));
  const LoadResult result = LoadOk(subject, model);
  if (subject.engine().info().abilities.shows_memory) {
    const int64_t bytes = result.residency.resident_bytes;
    CHECK(bytes > 0);
    // What is measured of a process moves by some pages.
    const int64_t seen = LookAt(subject, model).residency.resident_bytes;
    CHECK(seen >= bytes - bytes / 20);
    CHECK(seen <= bytes + bytes / 20);
  }
}

void LoadsAtOnceAgain(Subject& subject) {
  const std::string& model = ModelA(subject);
  LoadOk(subject, model);
  const LoadResult again = LoadOk(subject, model);
  CHECK(again.start == LoadStart::kReady);
}

void Unloads(Subject& subject) {
  const std::string& model = ModelA(subject);
  LoadOk(subject, model);
  UnloadOk(subject, model);
  LoadOk(subject, model);
  UnloadOk(subject, model);
}

void UnloadsTwice(Subject& subject) {
  const std::string& model = ModelA(subject);
  UnloadOk(subject, model);
  LoadOk(subject, model);
  UnloadOk(subject, model);
  UnloadOk(subject, model);
}

// The memory that a load took is free when the unload returns, or right after.
void GivesMemoryBack(Subject& subject) {
  const std::string& model = ModelA(subject);
  // What the server itself takes for its first load, it may keep.
  LoadOk(subject, model);
  UnloadOk(subject, model);
  const int64_t before = subject.MemoryBytes();
  LoadOk(subject, model);
  const int64_t taken = subject.MemoryBytes() - before;
  REQUIRE(taken > 0);
  UnloadOk(subject, model);
  const TimeLimit at_once(absl::Seconds(1));
  CHECK(Eventually([&] { return subject.MemoryBytes() - before < taken / 2; }));
}

void LoadsTwoAtOnce(Subject& subject) {
  BackgroundLoad a(subject.engine(), subject.Spec(ModelA(subject)));
  BackgroundLoad b(subject.engine(), subject.Spec(ModelB(subject)));
  CheckOk(a.Result().status());
  CheckOk(b.Result().status());
  for (const std::string& model : {ModelA(subject), ModelB(subject)}) {
    INFO(model);
    CHECK(subject.IsLoaded(model));
    CHECK(LooksReady(subject, model));
  }
}

void UnloadsOneOfTwo(Subject& subject) {
  LoadOk(subject, ModelA(subject));
  LoadOk(subject, ModelB(subject));
  UnloadOk(subject, ModelA(subject));
  CHECK(subject.IsLoaded(ModelB(subject)));
  CHECK(LooksReady(subject, ModelB(subject)));
}

void LooksLoadNothing(Subject& subject) {
  for (int i = 0; i < 20; ++i) {
    for (const Sighting& sighting :
         LookAt(subject, subject.description().models)) {
      CHECK(sighting.residency.tier != Tier::kReady);
      CHECK(sighting.uses == 0);
      CHECK_FALSE(sighting.is_loading);
    }
  }
  for (const std::string& model : subject.description().models) {
    CHECK_FALSE(subject.IsLoaded(model));
  }
}

void UnknownIsNotFound(Subject& subject) {
  const std::string& unknown = subject.description().unknown;
  const absl::Status status = Load(subject, unknown).status();
  CheckNamed(subject, status, unknown);
  CHECK(absl::IsNotFound(status));
  CHECK(ReasonOf(status) == "MODEL_NOT_FOUND");
  CHECK_FALSE(LooksReady(subject, unknown));
  CheckOk(subject.engine().Unload(subject.Spec(unknown)));
  LoadOk(subject, ModelA(subject));
}

void BrokenSaysWhy(Subject& subject) {
  LoadOk(subject, ModelA(subject));
  const std::string& broken = subject.description().broken;
  const absl::Status status = Load(subject, broken).status();
  CheckNamed(subject, status, broken);
  CHECK(absl::IsFailedPrecondition(status));
  CHECK(ReasonOf(status) == "MODEL_DAMAGED");
  CHECK_FALSE(LooksReady(subject, broken));
  CHECK_FALSE(subject.IsLoaded(broken));
  // All else goes on, and it can be asked for again.
  CHECK(subject.IsLoaded(ModelA(subject)));
  CHECK(LooksReady(subject, ModelA(subject)));
  CheckNamed(subject, Load(subject, broken).status(), broken);
  UnloadOk(subject, broken);
  UnloadOk(subject, ModelA(subject));
  LoadOk(subject, ModelA(subject));
}

}  // namespace

std::vector<Scenario> LoadScenarios() {
  using enum Ability;
  return {
      {"its models are listed, none is loaded by that", {}, ListsModels},
      {"looks load nothing", {}, LooksLoadNothing},
      {"a load makes a model ready, and tells its bytes", {kLoad}, Loads},
      {"a loaded model is ready at once", {kLoad}, LoadsAtOnceAgain},
      {"an unload makes it cold, a load ready again",
       {kLoad, kUnload},
       Unloads},
      {"an unload of a cold model is done", {kLoad, kUnload}, UnloadsTwice},
      {"an unload gives the memory back",
       {kLoad, kUnload, kMemory},
       GivesMemoryBack},
      {"two models are loaded at once", {kLoad, kTwoModels}, LoadsTwoAtOnce},
      {"an unload leaves the other model",
       {kLoad, kUnload, kTwoModels},
       UnloadsOneOfTwo},
      {"an unknown model is not found, and all else goes on",
       {kLoad, kUnload, kUnknownModel},
       UnknownIsNotFound},
      {"a broken model is damaged, and all else goes on",
       {kLoad, kUnload, kBrokenModel},
       BrokenSaysWhy},
  };
}

}  // namespace warmup::contract
