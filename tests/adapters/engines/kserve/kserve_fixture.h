#ifndef WARMUP_TESTS_ADAPTERS_ENGINES_KSERVE_KSERVE_FIXTURE_H_
#define WARMUP_TESTS_ADAPTERS_ENGINES_KSERVE_KSERVE_FIXTURE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "adapters/engines/kserve/kserve_engine.h"
#include "core/base/error.h"
#include "tests/support/background_load.h"
#include "tests/support/catch.h"
#include "tests/support/fake_kserve.h"

namespace warmup {

inline std::unique_ptr<KserveEngine> EngineOn(const std::string& endpoint,
                                              KserveEngine::Options options) {
  auto engine = KserveEngine::Create("kserve", endpoint, std::move(options));
  INFO(engine.status().ToString());
  REQUIRE(engine.ok());
  return *std::move(engine);
}

inline ModelSpec KserveSpec(const std::string& name) {
  ModelSpec spec;
  spec.id = name;
  spec.engine = "kserve";
  spec.source = name;
  spec.size_bytes = 1'000;
  return spec;
}

// A server with the models "a" and "b", and the engine on it.
struct KserveWorld {
  using Kind = FakeKserve::Kind;

  explicit KserveWorld(Kind kind, const std::string& metrics_endpoint = "")
      : fake(kind),
        engine(EngineOn(
            fake.endpoint(),
            {.on_skipped =
                 [this](std::string_view name, const absl::Status& why) {
                   skipped.emplace_back(name, why);
                 },
             .metrics_endpoint = metrics_endpoint,
             .unload_timeout = absl::Seconds(1),
             .give_up_timeout = absl::Milliseconds(100)})) {
    fake.Add("a");
    fake.Add("b");
  }

  absl::StatusOr<LoadResult> Load(const std::string& name) {
    TestControl control;
    return engine->Load(KserveSpec(name), control);
  }
  LoadResult LoadOk(const std::string& name) {
    const auto result = Load(name);
    INFO(result.status().ToString());
    REQUIRE(result.ok());
    return *result;
  }
  absl::Status Unload(const std::string& name) {
    return engine->Unload(KserveSpec(name));
  }
  Sighting LookAt(const std::string& name) {
    auto sightings = engine->Look({KserveSpec(name)});
    INFO(sightings.status().ToString());
    REQUIRE(sightings.ok());
    REQUIRE(sightings->size() == 1);
    return (*sightings)[0];
  }
  bool IsReady(const std::string& name) {
    return LookAt(name).residency.tier == Tier::kReady;
  }

  std::vector<std::pair<std::string, absl::Status>> skipped;
  FakeKserve fake;
  std::unique_ptr<KserveEngine> engine;
};

inline std::string ReasonOf(const absl::Status& status) {
  return GetErrorDetails(status).reason;
}

}  // namespace warmup

#endif  // WARMUP_TESTS_ADAPTERS_ENGINES_KSERVE_KSERVE_FIXTURE_H_
