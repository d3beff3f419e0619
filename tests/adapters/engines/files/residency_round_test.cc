#include "adapters/engines/files/residency_round.h"

#include <map>
#include <string>
#include <vector>

#include "adapters/engines/files/files_engine.h"
#include "tests/adapters/engines/files/disk_files.h"
#include "tests/adapters/engines/files/engine_fixture.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

struct Models {
  explicit Models(int count) {
    for (int i = 0; i < count; ++i) {
      const std::string number = std::to_string(100 + i);
      specs.push_back(Model("m" + number, "/" + number));
    }
  }
  // Counts, and finds most of everything in memory.
  absl::StatusOr<Residency> Measure(const ModelSpec& spec) {
    ++measured[spec.id];
    return Residency{Tier::kHost, 6, 10};
  }
  std::vector<Sighting> Look(ResidencyRound& round) {
    std::vector<Sighting> sightings(specs.size());
    round.Look(
        specs, [this](const ModelSpec& spec) { return Measure(spec); },
        &sightings);
    return sightings;
  }

  std::vector<ModelSpec> specs;
  std::map<ModelId, int> measured;
};

TEST_CASE("ResidencyRound: measures all that fit into its time, once") {
  ResidencyRound round(absl::Hours(1));
  Models models(5);
  for (const Sighting& sighting : models.Look(round)) {
    CHECK(sighting.is_cached);
    CHECK(sighting.residency.tier == Tier::kCold);
  }
  for (const auto& [id, times] : models.measured) CHECK(times == 1);
  CHECK(models.measured.size() == 5);
}

TEST_CASE("ResidencyRound: without time it takes one after the other") {
  ResidencyRound round(absl::ZeroDuration());
  Models models(3);
  CHECK(models.Look(round)[1].residency.tier ==
        Tier::kCold);  // not measured yet
  models.Look(round);
  for (const Sighting& sighting : models.Look(round)) {
    CHECK(sighting.is_cached);
  }
  CHECK(models.measured ==
        std::map<ModelId, int>{{"m100", 1}, {"m101", 1}, {"m102", 1}});
  models.Look(round);
  CHECK(models.measured["m100"] == 2);
  // One that comes is measured in its turn, one that goes is forgotten.
  models.specs.erase(models.specs.begin());
  models.specs.push_back(Model("m999", "/999"));
  for (int i = 0; i < 3; ++i) models.Look(round);
  CHECK(models.measured["m999"] == 1);
  CHECK(models.measured["m100"] == 2);
  models.specs.clear();
  CHECK(models.Look(round).empty());
}

TEST_CASE("ResidencyRound: what cannot be measured is not cached") {
  ResidencyRound round(absl::Hours(1));
  std::vector<Sighting> sightings(3);
  sightings[2] = {.residency = {Tier::kReady, 7, 7}};  // not asked about
  round.Look(
      {Model("a", "/a"), Model("b", "/b"), Model("c", "/c")},
      [](const ModelSpec& spec) -> absl::StatusOr<Residency> {
        if (spec.id == "a") return absl::NotFoundError("gone");
        return Residency{Tier::kReady, 10, 10};
      },
      &sightings);
  CHECK_FALSE(sightings[0].is_cached);
  CHECK(sightings[1].is_cached);
  CHECK_FALSE(sightings[2].is_cached);
}

TEST_CASE("FilesEngine: a look tells what a load would find in memory") {
  const TemporaryFolder folder;
  const std::string path = folder.WriteWeights("m.bin", kWeights);
  const std::vector<ModelSpec> specs = {Model("m", path)};
  FilesEngine engine({});
  const auto look = [&] { return (*engine.Look(specs))[0]; };
  CHECK_FALSE(look().is_cached);
  MakeWarm(path, 0, kWeights);  // by somebody else: not ours
  CHECK(look().is_cached);
  CHECK(look().residency.tier == Tier::kCold);
  CHECK(LoadOk(engine, specs[0]).start == LoadStart::kWarm);
  CHECK(look().residency.tier == Tier::kReady);
  CHECK_FALSE(look().is_cached);
  REQUIRE(engine.Unload(specs[0]).ok());
  CHECK_FALSE(look().is_cached);
  CHECK(LoadOk(engine, specs[0]).start == LoadStart::kCold);
}

}  // namespace
}  // namespace warmup
