#ifndef WARMUP_TESTS_SUPPORT_ENGINE_CALLS_H_
#define WARMUP_TESTS_SUPPORT_ENGINE_CALLS_H_

#include <memory>
#include <string>
#include <vector>

#include "adapters/engines/http/http_client.h"
#include "core/base/error.h"
#include "core/ports/engine.h"
#include "tests/support/background_load.h"
#include "tests/support/catch.h"

// Calls of an engine's adapter, for its unit tests.
namespace warmup {

// Of an engine with the id "e1".
inline std::unique_ptr<HttpClient> ClientOf(const std::string& endpoint,
                                            const std::string& token = "") {
  auto client = HttpClient::Create(
      {.engine = "e1", .endpoint = endpoint, .bearer_token = token});
  INFO(client.status().ToString());
  REQUIRE(client.ok());
  return *std::move(client);
}

inline ModelSpec SpecOf(const std::string& name) {
  ModelSpec spec;
  spec.id = name;
  spec.engine = "e1";
  spec.source = name;
  return spec;
}

inline std::string ReasonOf(const absl::Status& status) {
  return GetErrorDetails(status).reason;
}

inline absl::StatusOr<LoadResult> Load(Engine& engine,
                                       const std::string& name) {
  TestControl control;
  return engine.Load(SpecOf(name), control);
}

inline LoadResult LoadOk(Engine& engine, const std::string& name) {
  const auto result = Load(engine, name);
  INFO(result.status().ToString());
  REQUIRE(result.ok());
  return *result;
}

inline void UnloadOk(Engine& engine, const std::string& name) {
  const absl::Status status = engine.Unload(SpecOf(name));
  INFO(status.ToString());
  REQUIRE(status.ok());
}

inline Sighting LookAt(Engine& engine, const std::string& name) {
  const auto sightings = engine.Look({SpecOf(name)});
  INFO(sightings.status().ToString());
  REQUIRE(sightings.ok());
  REQUIRE(sightings->size() == 1);
  return sightings->front();
}

inline bool LooksReady(Engine& engine, const std::string& name) {
  return LookAt(engine, name).residency.tier == Tier::kReady;
}

}  // namespace warmup

#endif  // WARMUP_TESTS_SUPPORT_ENGINE_CALLS_H_
