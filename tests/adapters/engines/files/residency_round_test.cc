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
  std::vector<const ModelSpec*> Pointers() const {
    std::vector<const ModelSpec*> pointers;
    for (const ModelSpec& spec : specs) pointers.push_back(&spec);
    return pointers;
  }
  // Counts, and finds everything half in memory.
  absl::StatusOr<Residency> Measure(const ModelSpec& spec) {
    ++measured[spec.id];
    return Residency{Tier::kHost, 5, 10};
  }
  std::vector<Residency> Look(ResidencyRound& round) {
    return round.Look(Pointers(),
                      [this](const ModelSpec& spec) { return Measure(spec); });
  }

  std::vector<ModelSpec> specs;
  std::map<ModelId, int> measured;
};

TEST_CASE("ResidencyRound: measures all that fit into its time, once") {
  ResidencyRound round(absl::Hours(1));
  Models models(5);
  const std::vector<Residency> all = models.Look(round);
  REQUIRE(all.size() == 5);
  for (const Residency& residency : all) CHECK(residency.resident_bytes == 5);
  for (const auto& [id, times] : models.measured) CHECK(times == 1);
  CHECK(models.measured.size() == 5);
}

TEST_CASE("ResidencyRound: without time it takes one after the other") {
  ResidencyRound round(absl::ZeroDuration());
  Models models(3);
  CHECK(models.Look(round)[1].tier == Tier::kCold);  // not measured yet
  models.Look(round);
  const std::vector<Residency> all = models.Look(round);
  for (const Residency& residency : all) CHECK(residency.tier == Tier::kHost);
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

TEST_CASE("ResidencyRound: what cannot be measured is cold, none is ready") {
  ResidencyRound round(absl::Hours(1));
  const ModelSpec gone = Model("a", "/a");
  const ModelSpec whole = Model("b", "/b");
  const auto all = round.Look(
      {&gone, &whole}, [](const ModelSpec& spec) -> absl::StatusOr<Residency> {
        if (spec.id == "a") return absl::NotFoundError("gone");
        return Residency{Tier::kReady, 10, 10};
      });
  CHECK(all[0].tier == Tier::kCold);
  CHECK(all[1].tier == Tier::kHost);
  CHECK(all[1].resident_bytes == 10);
}

TEST_CASE("FilesEngine: a look tells what a load would find in memory") {
  const TemporaryFolder folder;
  const std::string path = folder.WriteWeights("m.bin", kWeights);
  const std::vector<ModelSpec> specs = {Model("m", path)};
  FilesEngine engine({});
  CHECK((*engine.Look(specs))[0].residency.tier == Tier::kCold);
  MakeWarm(path, 0, kWeights);  // by somebody else: not ours
  Residency seen = (*engine.Look(specs))[0].residency;
  CHECK(seen.tier == Tier::kHost);
  CHECK(seen.resident_bytes == kWeights);
  CHECK(seen.total_bytes == kWeights);
  CHECK(LoadOk(engine, specs[0]).start == LoadStart::kWarm);
  CHECK((*engine.Look(specs))[0].residency.tier == Tier::kReady);
  REQUIRE(engine.Unload(specs[0]).ok());
  CHECK((*engine.Look(specs))[0].residency.tier == Tier::kCold);
  CHECK(LoadOk(engine, specs[0]).start == LoadStart::kCold);
}

}  // namespace
}  // namespace warmup
