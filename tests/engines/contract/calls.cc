#include "tests/engines/contract/calls.h"

#include "tests/support/eventually.h"

namespace warmup::contract {

void CheckNamed(const Subject& subject, const absl::Status& status) {
  const EngineInfo info = const_cast<Subject&>(subject).engine().info();
  INFO(status.ToString());
  REQUIRE_FALSE(status.ok());
  const std::string words(status.message());
  CHECK_THAT(words, Catch::Contains(info.id));
  CHECK_THAT(words, Catch::Contains(info.endpoint));
  CHECK_FALSE(ReasonOf(status).empty());
}

void CheckNamed(const Subject& subject, const absl::Status& status,
                const std::string& model) {
  CheckNamed(subject, status);
  CHECK_THAT(std::string(status.message()), Catch::Contains(model));
}

absl::StatusOr<LoadResult> Load(Subject& subject, const std::string& model) {
  TestControl control;
  return subject.engine().Load(subject.Spec(model), control);
}

LoadResult LoadOk(Subject& subject, const std::string& model) {
  const auto result = Load(subject, model);
  INFO(model << ": " << result.status().ToString());
  REQUIRE(result.ok());
  CHECK(result->residency.tier == Tier::kReady);
  CHECK(subject.IsLoaded(model));
  CHECK(LooksReady(subject, model));
  return *result;
}

void UnloadOk(Subject& subject, const std::string& model) {
  const absl::Status status = subject.engine().Unload(subject.Spec(model));
  INFO(model << ": " << status.ToString());
  REQUIRE(status.ok());
  CHECK_FALSE(subject.IsLoaded(model));
  CHECK_FALSE(LooksReady(subject, model));
}

std::vector<Sighting> LookAt(Subject& subject,
                             const std::vector<std::string>& models) {
  std::vector<ModelSpec> specs;
  specs.reserve(models.size());
  for (const std::string& model : models) specs.push_back(subject.Spec(model));
  auto sightings = subject.engine().Look(specs);
  INFO(sightings.status().ToString());
  REQUIRE(sightings.ok());
  REQUIRE(sightings->size() == models.size());
  return *std::move(sightings);
}

bool LooksReady(Subject& subject, const std::string& model) {
  return LookAt(subject, model).residency.tier == Tier::kReady;
}

void AwaitReady(Subject& subject, const std::string& model, bool is_ready) {
  INFO(model << (is_ready ? " becomes ready" : " goes"));
  REQUIRE(Eventually([&] { return subject.IsLoaded(model) == is_ready; }));
  CHECK(Eventually([&] { return LooksReady(subject, model) == is_ready; }));
}

void AwaitAgreement(Subject& subject, const std::string& model) {
  INFO(model);
  CHECK(Eventually(
      [&] { return LooksReady(subject, model) == subject.IsLoaded(model); }));
}

}  // namespace warmup::contract
