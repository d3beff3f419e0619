#ifndef WARMUP_TESTS_ADAPTERS_ENGINES_LLAMA_SERVER_LLAMA_SERVER_FIXTURE_H_
#define WARMUP_TESTS_ADAPTERS_ENGINES_LLAMA_SERVER_LLAMA_SERVER_FIXTURE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "adapters/engines/llama_server/llama_server_engine.h"
#include "core/base/error.h"
#include "tests/support/background_load.h"
#include "tests/support/catch.h"
#include "tests/support/fake_llama_server.h"

namespace warmup {

inline std::unique_ptr<HttpClient> ClientOf(const std::string& endpoint,
                                            const std::string& token = "") {
  auto client = HttpClient::Create(
      {.engine = "llama", .endpoint = endpoint, .bearer_token = token});
  INFO(client.status().ToString());
  REQUIRE(client.ok());
  return *std::move(client);
}

inline ModelSpec SpecOf(const std::string& name) {
  ModelSpec spec;
  spec.id = name;
  spec.engine = "llama";
  spec.source = name;
  return spec;
}

inline std::string ReasonOf(const absl::Status& status) {
  return GetErrorDetails(status).reason;
}

// An engine on a llama-server.
class EngineOn {
 public:
  explicit EngineOn(const std::string& endpoint,
                    absl::Duration unload_timeout = absl::Milliseconds(500))
      : engine(ClientOf(endpoint),
               {.on_skipped =
                    [this](std::string_view name, const absl::Status& why) {
                      skipped.emplace_back(name, why);
                    },
                .unload_timeout = unload_timeout}) {}

  absl::StatusOr<LoadResult> Load(const std::string& name) {
    TestControl control;
    return engine.Load(SpecOf(name), control);
  }
  LoadResult LoadOk(const std::string& name) {
    const auto result = Load(name);
    INFO(result.status().ToString());
    REQUIRE(result.ok());
    return *result;
  }
  absl::Status Unload(const std::string& name) {
    return engine.Unload(SpecOf(name));
  }
  std::vector<Sighting> LookAtAll(const std::vector<std::string>& names) {
    std::vector<ModelSpec> specs;
    specs.reserve(names.size());
    for (const std::string& name : names) specs.push_back(SpecOf(name));
    auto sightings = engine.Look(specs);
    INFO(sightings.status().ToString());
    REQUIRE(sightings.ok());
    REQUIRE(sightings->size() == names.size());
    return *std::move(sightings);
  }
  Sighting LookAt(const std::string& name) { return LookAtAll({name})[0]; }
  bool IsReady(const std::string& name) {
    return LookAt(name).residency.tier == Tier::kReady;
  }

  std::vector<std::pair<std::string, absl::Status>> skipped;
  LlamaServerEngine engine;
};

// A router with the models "a", "b", the embedder "e", and "s", which sleeps
// when it is idle, and the engine on it. (The engine goes first: it closes its
// connections.)
struct Router {
  Router() : on(fake.endpoint()) {
    fake.AddNamed("a");
    fake.AddNamed("b");
    fake.Add({.name = "e", .aliases = {"embed"}, .is_embedder = true});
    fake.Add({.name = "s", .may_sleep = true});
  }

  FakeLlamaServer fake;
  EngineOn on;
};

// A server of the model "m" alone, which is loaded.
struct Single {
  Single() : fake("m"), on(fake.endpoint()) {}

  FakeLlamaServer fake;
  EngineOn on;
};

}  // namespace warmup

#endif  // WARMUP_TESTS_ADAPTERS_ENGINES_LLAMA_SERVER_LLAMA_SERVER_FIXTURE_H_
