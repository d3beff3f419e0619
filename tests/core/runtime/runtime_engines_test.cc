// Engines that come and go while the runtime runs.

#include <memory>
#include <string>

#include "core/base/error.h"
#include "core/base/limits.h"
#include "tests/core/runtime/runtime_fixture.h"
#include "tests/support/eventually.h"

namespace warmup {
namespace {

using runtime_test::Fixture;
using runtime_test::Model;
using runtime_test::Promise;

std::shared_ptr<FakeEngine> Server(const std::string& id,
                                   const std::string& endpoint) {
  return std::make_shared<FakeEngine>(/*is_instant=*/true, id, endpoint);
}

struct World : Fixture {
  explicit World(const StoredState& state = {})
      : Fixture(/*is_instant=*/true, /*predicts=*/false, state) {}

  const EngineStatus* Find(const std::string& id) {
    listing = runtime->ListEngines();
    for (const EngineStatus& status : listing.engines) {
      if (status.info.id == id) return &status;
    }
    return nullptr;
  }
  void SearchAgain() {
    const int searches = finder.searches();
    REQUIRE(Eventually([&] {
      clock.Advance(absl::Minutes(1));
      return finder.searches() > searches + 1;
    }));
  }
  absl::StatusOr<EngineStatus> Add(const EngineSpec& spec) {
    Promise<absl::StatusOr<EngineStatus>> answer;
    runtime->AddEngine(spec, [&](auto status) { answer.Set(status); });
    return answer.Wait();
  }
  absl::Status Remove(const std::string& id) {
    Promise<absl::Status> answer;
    runtime->RemoveEngine(id,
                          [&](const auto& done) { answer.Set(done.status()); });
    return answer.Wait();
  }
  // What the store was told of engines, the newest of each endpoint.
  StoredState Stored() {
    StoredState state;
    std::map<std::string, PutEngine> engines;
    for (const auto& commit : store.commits()) {
      for (const StoreChange& change : commit) {
        const auto* put = std::get_if<PutEngine>(&change);
        if (put != nullptr) engines[put->spec.endpoint] = *put;
      }
    }
    for (const auto& [endpoint, put] : engines) state.engines.push_back(put);
    return state;
  }

  EngineListing listing;
};

const EngineSpec kSpec = {.id = "added",
                          .kind = "fake",
                          .endpoint = "http://a:1",
                          .token_file = "/token"};

TEST_CASE("Runtime: takes engines that are found, and their models") {
  World world;
  CHECK(world.Find("found") == nullptr);
  const auto server = Server("found", "http://127.0.0.1:1");
  ModelSpec offered = Model("theirs");
  offered.engine = "found";
  server->Offer({offered});
  world.finder.Put(server);
  world.finder.Refuse({"http://127.0.0.1:2", "is a printer"});
  world.SearchAgain();
  REQUIRE(Eventually([&] { return world.runtime->GetModel("theirs").ok(); }));
  REQUIRE(world.Find("found") != nullptr);
  CHECK(world.Find("found")->origin == EngineOrigin::kFound);
  CHECK(world.Find("fake")->origin == EngineOrigin::kConfigured);
  REQUIRE(world.listing.not_taken.size() == 1);
  CHECK(world.listing.not_taken[0].why == "is a printer");
  // And they can be used.
  Promise<absl::StatusOr<Wake>> loaded;
  world.runtime->LoadModel("theirs", absl::InfiniteFuture(),
                           [&](auto wake) { loaded.Set(wake); });
  REQUIRE(loaded.Wait()->status.ok());
  CHECK(server->resident().contains("theirs"));
  // What is found is not kept: it would be found again.
  CHECK(world.Stored().engines.empty());
}

TEST_CASE("Runtime: a model whose engine is not there is asked for in vain") {
  StoredState state;
  ModelSpec orphan = Model("orphan");
  orphan.engine = "gone";
  orphan.revision = 1;
  state.models.push_back({orphan, {}});
  World world(state);
  world.Load("orphan");
  const absl::Status refused = world.loaded.Wait().status();
  CHECK(absl::IsUnavailable(refused));
  CHECK(GetErrorDetails(refused).reason == "ENGINE_UNAVAILABLE");
  CHECK(GetErrorDetails(refused).metadata.at("engine") == "gone");
  CHECK(absl::IsUnavailable(world.runtime->RequestLoad("orphan", true)));
}

TEST_CASE("Runtime: an engine that was added is there after a restart") {
  StoredState stored;
  const auto server = Server("added", "http://a:1");
  const auto make = [&](const EngineSpec& spec) {
    CHECK(spec == kSpec);
    return server;
  };
  {
    World world;
    world.finder.MakeWith(make);
    const auto added = world.Add(kSpec);
    REQUIRE(added.ok());
    CHECK(added->info.endpoint == "http://a:1");
    CHECK(world.Find("added")->origin == EngineOrigin::kAdded);
    // By its id, and by where it is.
    CHECK(absl::IsAlreadyExists(world.Add(kSpec).status()));
    world.finder.MakeWith(
        [&](const auto&) { return Server("b", "http://a:1"); });
    const absl::Status twice = world.Add(kSpec).status();
    CHECK(absl::IsAlreadyExists(twice));
    CHECK(GetErrorDetails(twice).reason == "ENGINE_EXISTS");
    stored = world.Stored();
    REQUIRE(stored.engines.size() == 1);
    CHECK(stored.engines[0].spec == kSpec);
  }
  World world(stored);
  // Its finder knows nothing of it: said, not forgotten.
  CHECK(world.Find("added") == nullptr);
  REQUIRE(world.listing.not_taken.size() == 1);
  CHECK(world.listing.not_taken[0].endpoint == "http://a:1");
  // Also when it was looked for what else there is.
  world.SearchAgain();
  world.Find("added");
  REQUIRE(world.listing.not_taken.size() == 1);
  CHECK(world.listing.not_taken[0].endpoint == "http://a:1");
}

TEST_CASE("Runtime: an engine that is removed stays away until it is added") {
  World world;
  const auto server = Server("found", "http://a:1");
  ModelSpec offered = Model("theirs");
  offered.engine = "found";
  server->Offer({offered});
  world.finder.Put(server);
  world.SearchAgain();
  REQUIRE(Eventually([&] { return world.runtime->GetModel("theirs").ok(); }));
  world.runtime->PinModel("theirs", true, [](const auto&) {});
  CHECK(absl::IsFailedPrecondition(world.Remove("found")));
  world.runtime->PinModel("theirs", false, [](const auto&) {});
  CHECK(world.Remove("found").ok());
  CHECK_FALSE(world.runtime->GetModel("theirs").ok());
  world.SearchAgain();
  CHECK(world.Find("found") == nullptr);
  CHECK(absl::IsNotFound(world.Remove("found")));
  CHECK(GetErrorDetails(world.Remove("fake")).reason == "ENGINE_CONFIGURED");
  REQUIRE(world.Stored().engines.size() == 1);
  CHECK(world.Stored().engines[0].is_removed);
  world.finder.MakeWith([&](const auto&) { return server; });
  CHECK(world
            .Add({.id = {},
                  .kind = {},
                  .endpoint = "http://a:1",
                  .token_file = {}})
            .ok());
  CHECK_FALSE(world.Stored().engines[0].is_removed);
}

TEST_CASE("Runtime: there are only so many engines") {
  World world;
  for (size_t i = 1; i < limits::kMaxEngines + 3; ++i) {
    world.finder.Put(
        Server(absl::StrCat("e", i), absl::StrCat("http://e:", i)));
  }
  world.SearchAgain();
  world.Find("");
  CHECK(world.listing.engines.size() == limits::kMaxEngines);
  REQUIRE(world.listing.not_taken.size() == 3);
  CHECK_THAT(world.listing.not_taken[0].why, Catch::Contains("64 engines"));
}

}  // namespace
}  // namespace warmup
