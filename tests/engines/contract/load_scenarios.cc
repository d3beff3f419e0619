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
    CHECK(result.residency.resident_bytes > 0);
    CHECK(LookAt(subject, model).residency.resident_bytes ==
          result.residency.resident_bytes);
  }
}

void LoadsAtOnceAgain(Subject& subject) {
  const std::string& model = ModelA(subject);
  LoadOk(subject, model);
  const LoadResult again = LoadOk(subject, model);
  CHECK(again.read_bytes == 0);
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

}  // namespace

std::vector<Scenario> LoadScenarios() {
  using enum Ability;
  return {
      {"its models are listed, none is loaded by that", {}, ListsModels},
      {"a load makes a model ready, and tells its bytes", {kLoad}, Loads},
      {"a loaded model is ready at once", {kLoad}, LoadsAtOnceAgain},
      {"an unload makes it cold, a load ready again",
       {kLoad, kUnload},
       Unloads},
      {"an unload of a cold model is done", {kLoad, kUnload}, UnloadsTwice},
  };
}

}  // namespace warmup::contract
