// A KserveEngine with a Triton that does as it was seen to.

#include "adapters/engines/kserve/kserve_engine.h"

#include <string>
#include <vector>

#include "tests/adapters/engines/kserve/kserve_fixture.h"
#include "tests/support/eventually.h"

namespace warmup {
namespace {

struct Triton : KserveWorld {
  Triton() : KserveWorld(Kind::kTriton) {}
};

}  // namespace

TEST_CASE("KserveEngine: says what it is on, and what that can do") {
  Triton world;
  CHECK(world.engine->info().kind == "kserve");
  CHECK(world.engine->info().version.empty());
  CHECK(*KserveEngine::Probe("kserve", world.fake.endpoint()) ==
        "triton 2.51.0");
  world.LookAt("a");
  const EngineInfo info = world.engine->info();
  CHECK(info.id == "kserve");
  CHECK(info.endpoint == world.fake.endpoint());
  CHECK(info.version == "triton 2.51.0");
  CHECK(info.abilities == EngineAbilities{.can_load = true,
                                          .can_unload = true,
                                          .shows_use = true});
}

TEST_CASE("KserveEngine: offers what is in the index, fit or told") {
  Triton world;
  world.fake.Add("a name with spaces");
  world.fake.Add("org/model:1");
  const auto specs = world.engine->Discover();
  REQUIRE(specs.ok());
  REQUIRE(specs->size() == 3);
  CHECK((*specs)[0].id == "a");
  CHECK((*specs)[0].engine == "kserve");
  CHECK((*specs)[0].source == "a");
  CHECK((*specs)[0].type == ModelType::kUnspecified);
  CHECK((*specs)[2].id == "org/model:1");
  REQUIRE(world.skipped.size() == 1);
  CHECK(world.skipped[0].first == "a name with spaces");
}

TEST_CASE("KserveEngine: describes what is there, one look for many") {
  Triton world;
  CHECK(world.engine->Describe(KserveSpec("a")).ok());
  CHECK(world.engine->Describe(KserveSpec("b")).ok());
  CHECK(world.fake.CallCount("RepositoryIndex") == 1);
  const auto unknown = world.engine->Describe(KserveSpec("nope"));
  CHECK(absl::IsNotFound(unknown.status()));
  CHECK(ReasonOf(unknown.status()) == "MODEL_NOT_FOUND");
}

TEST_CASE("KserveEngine: a model is loaded, seen, and unloaded until gone") {
  Triton world;
  CHECK_FALSE(world.IsReady("a"));
  const LoadResult loaded = world.LoadOk("a");
  CHECK(loaded.residency.tier == Tier::kReady);
  CHECK(loaded.residency.resident_bytes == 1'000);
  CHECK(loaded.read_bytes == 1'000);
  const Sighting seen = world.LookAt("a");
  CHECK(seen.residency.tier == Tier::kReady);
  CHECK(seen.uses == 0);
  CHECK_FALSE(world.IsReady("b"));
  REQUIRE(world.Unload("a").ok());
  CHECK(world.fake.StateOf("a") == "UNAVAILABLE");
  const Sighting gone = world.LookAt("a");
  CHECK(gone.residency.tier == Tier::kCold);
  CHECK_FALSE(gone.was_unloaded);
  // Asked for again, nothing is asked of the server.
  REQUIRE(world.Unload("a").ok());
  REQUIRE(world.Unload("nope").ok());
  CHECK(world.fake.CallCount("RepositoryModelUnload") == 1);
}

TEST_CASE("KserveEngine: a model that is ready is not loaded again") {
  Triton world;
  world.fake.LoadByUser("a");
  CHECK(world.LoadOk("a").read_bytes == 0);
  CHECK(world.fake.CallCount("RepositoryModelLoad") == 0);
}

TEST_CASE("KserveEngine: uses are told once, whoever they are by") {
  Triton world;
  world.fake.LoadByUser("a");
  world.fake.Use("a", 5);
  CHECK(world.LookAt("a").uses == 0);  // from before we were here
  world.fake.Use("a", 3);
  CHECK(world.LookAt("a").uses == 3);
  CHECK(world.LookAt("a").uses == 0);
  world.LoadOk("b");
  world.fake.Use("b");
  CHECK(world.LookAt("b").uses == 1);
  // Loaded anew: the counters too.
  world.fake.LoadByUser("a");
  world.fake.Use("a", 2);
  CHECK(world.LookAt("a").uses == 2);
}

TEST_CASE("KserveEngine: memory is what the server tells of the device") {
  Triton world;
  world.fake.ShowMemory("a", "CPU", 10'000);
  world.fake.ShowMemory("a", "GPU", 70'000);
  CHECK_FALSE(world.engine->info().abilities.shows_memory);
  CHECK(world.LoadOk("a").residency.resident_bytes == 10'000);
  CHECK(world.engine->info().abilities.shows_memory);
  ModelSpec on_gpu = KserveSpec("a");
  on_gpu.device = "gpu0";
  CHECK((*world.engine->Look({on_gpu}))[0].residency.resident_bytes == 70'000);
  world.fake.ShowMemory("a", "GPU", ~uint64_t{0});
  CHECK((*world.engine->Look({on_gpu}))[0].residency.resident_bytes ==
        int64_t{1} << 44);
}

TEST_CASE("KserveEngine: what others load and unload is seen") {
  Triton world;
  world.fake.BeginLoadByUser("a");
  const Sighting loading = world.LookAt("a");
  CHECK(loading.is_loading);
  CHECK(loading.residency.tier == Tier::kCold);
  world.fake.EndLoadByUser("a");
  CHECK(world.IsReady("a"));
  world.fake.UnloadByUser("a");
  CHECK(world.LookAt("a").was_unloaded);
  CHECK_FALSE(world.LookAt("a").was_unloaded);
}

TEST_CASE("KserveEngine: is well while a model is loaded") {
  Triton world;
  world.fake.BeginLoadByUser("b");
  CHECK_FALSE(world.IsReady("a"));
  CHECK(world.fake.CallCount("ServerReady") == 0);
}

TEST_CASE("KserveEngine: a model whose worker died is cold, and healed") {
  Triton world;
  world.LoadOk("a");
  CHECK(world.IsReady("a"));
  world.fake.KillWorker("a");
  CHECK(world.IsReady("a"));  // nobody has noticed
  world.fake.Use("a", 2);
  CHECK(world.IsReady("a"));
  world.fake.Use("a");
  CHECK_FALSE(world.IsReady("a"));
  CHECK_FALSE(world.IsReady("a"));
  CHECK(world.LoadOk("a").read_bytes == 1'000);
  CHECK(world.fake.CallCount("RepositoryModelUnload") == 1);
  world.fake.Use("a");
  const Sighting healed = world.LookAt("a");
  CHECK(healed.residency.tier == Tier::kReady);
  CHECK(healed.uses == 1);
  CHECK_FALSE(healed.was_unloaded);
}

TEST_CASE("KserveEngine: a model whose worker died is unloaded all the same") {
  Triton world;
  world.LoadOk("a");
  world.fake.KillWorker("a");
  world.fake.Use("a", 3);
  CHECK_FALSE(world.IsReady("a"));
  REQUIRE(world.Unload("a").ok());
  CHECK(world.fake.StateOf("a") == "UNLOADING");
  world.LoadOk("a");
}

TEST_CASE("KserveEngine: five thousand models are one look") {
  Triton world;
  std::vector<ModelSpec> specs;
  for (int i = 0; i < 5'000; ++i) {
    const std::string name = "model-" + std::to_string(i);
    world.fake.Add(name);
    specs.push_back(KserveSpec(name));
  }
  world.fake.LoadByUser("model-4999");
  const auto sightings = world.engine->Look(specs);
  REQUIRE(sightings.ok());
  CHECK(sightings->back().residency.tier == Tier::kReady);
  CHECK(world.fake.CallCount("RepositoryIndex") == 1);
  CHECK(world.engine->Discover()->size() == 5'002);
}

}  // namespace warmup
