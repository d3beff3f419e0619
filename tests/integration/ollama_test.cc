// The daemon with a real Ollama, whose users know nothing of the daemon.

#include <string>
#include <vector>

#include "tests/integration/served_daemon.h"
#include "tests/support/eventually.h"
#include "tests/support/real_ollama.h"

namespace warmup {
namespace {

// A daemon, and an Ollama with two models that it is told of.
struct World {
  explicit World(const std::vector<std::string>& sets = {})
      : served(WithEndpoint(sets)) {
    INFO("the daemon lists what Ollama offers");
    REQUIRE(Eventually([&] { return Count() == 2; }));
  }

  std::vector<std::string> WithEndpoint(std::vector<std::string> sets) {
    ollama.Import("tiny");
    ollama.Import("small");
    sets.push_back(
        "engines.servers=[{kind: ollama, engine_id: ollama, endpoint: '" +
        ollama.endpoint() + "'}]");
    return sets;
  }
  int Count() {
    return served.client.Ask(&Models::ListModels).Must().models_size();
  }
  bool Is(const std::string& id, const std::string& state) {
    return served.GetState(id) == "MODEL_STATE_" + state;
  }
  v1::Engine Ollama() {
    const auto engines =
        served.client.Ask(&Engines::ListEngines).Must().engines();
    REQUIRE(engines.size() == 2);
    REQUIRE(engines[1].engine_id() == "ollama");
    return engines[1];
  }
  void Generate(const std::string& model) {
    ollama.Post("/api/generate",
                R"({"model":")" + model +
                    R"(","prompt":"a","stream":false,"options":)"
                    R"({"num_predict":4,"temperature":0}})");
  }

  RealOllama ollama{WARMUP_OLLAMA, WARMUP_TINY_MODELS};
  ServedDaemon served;
};

TEST_CASE("A real Ollama: its models are loaded and given back", "[.ollama]") {
  World world({"policy.predictive_preloading=false"});
  CHECK(world.Ollama().is_available());
  CHECK(world.Ollama().model_count() == 2);
  const v1::Model before = world.served.Get("tiny:latest");
  CHECK(before.spec().engine() == "ollama");
  CHECK(before.spec().format() == "gguf");
  CHECK(before.spec().size_bytes() > 400'000);

  const auto loaded = world.served.Load("tiny:latest").Must();
  CHECK(loaded.served_as() == v1::SERVED_AS_COLD);
  CHECK(loaded.model().held_bytes() > 0);
  CHECK(world.ollama.IsRunning("tiny"));
  CHECK(world.Ollama().ready_count() == 1);

  world.served.client.Ask(&Models::UnloadModel, "model_id: 'tiny:latest'")
      .Must();
  CHECK_FALSE(world.ollama.IsRunning("tiny"));
  CHECK(world.Is("tiny:latest", "COLD"));
}

TEST_CASE("A real Ollama: what its users do is seen and learned", "[.ollama]") {
  World world({"policy.predictive_preloading=false"});
  world.Generate("tiny");
  REQUIRE(Eventually([&] { return world.Is("tiny:latest", "READY"); }));
  REQUIRE(Eventually(
      [&] { return world.served.Get("tiny:latest").probability_1h() > 0; }));
  CHECK(world.served.Get("small:latest").probability_1h() == 0);
  // Nobody waited for us, and we loaded nothing.
  CHECK(world.served.Metrics().loads().demand_count() == 0);
  // Unloaded by its user.
  world.ollama.Post("/api/generate", R"({"model":"tiny","keep_alive":0})");
  REQUIRE(Eventually([&] { return world.Is("tiny:latest", "COLD"); }));
}

TEST_CASE("A real Ollama: a user's habit is warmed before the next time",
          "[.ollama]") {
  World world;
  // Whoever uses tiny goes on to small.
  for (int i = 0; i < 6; ++i) {
    world.served.client
        .Ask(&Warmup::RecordUsage, "usages { model_id: 'tiny:latest' }")
        .Must();
    world.served.client
        .Ask(&Warmup::RecordUsage, "usages { model_id: 'small:latest' }")
        .Must();
  }
  REQUIRE(Eventually([&] { return world.ollama.IsRunning("small"); }));
  CHECK(world.served.Metrics().loads().demand_count() == 0);
  CHECK(world.served.Metrics().loads().speculative_count() > 0);
}

TEST_CASE("A real Ollama: killed and restarted empty, the daemon is right",
          "[.ollama]") {
  World world({"policy.predictive_preloading=false"});
  world.served.Load("tiny:latest").Must();
  world.ollama.Kill();
  REQUIRE(Eventually([&] { return world.Is("tiny:latest", "COLD"); }));
  CHECK(world.served.Get("tiny:latest").held_bytes() == 0);
  CHECK_FALSE(world.Ollama().is_available());
  const auto failed = world.served.Load("tiny:latest");
  CHECK(failed.status.error_code() == grpc::StatusCode::UNAVAILABLE);
  CHECK(failed.status.error_message().find("ollama") != std::string::npos);
  world.ollama.Start();
  REQUIRE(Eventually([&] { return world.Ollama().is_available(); }));
  CHECK(world.served.Load("tiny:latest").Must().served_as() ==
        v1::SERVED_AS_COLD);
}

}  // namespace
}  // namespace warmup
