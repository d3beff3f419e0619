// Loads and unloads of a Triton that do not go straight.

#include <string>

#include "tests/adapters/engines/kserve/kserve_fixture.h"
#include "tests/support/eventually.h"

namespace warmup {
namespace {

struct Triton : KserveWorld {
  Triton() : KserveWorld(Kind::kTriton) {}

  // Looks until the model is unloaded.
  bool IsTakenBack(const std::string& name) {
    return Eventually([&] {
      LookAt(name);
      return fake.StateOf(name) == "UNAVAILABLE";
    });
  }
};

grpc::Status Broken() {
  return {grpc::StatusCode::INVALID_ARGUMENT,
          "load failed for model 'a': version 1 is at UNAVAILABLE state: "
          "Internal: RuntimeError: this model is broken\n\nAt:\n  model.py"};
}

}  // namespace

TEST_CASE("KserveEngine loads: an unknown model is not found") {
  Triton world;
  const absl::Status status = world.Load("nope").status();
  CHECK(absl::IsNotFound(status));
  CHECK(ReasonOf(status) == "MODEL_NOT_FOUND");
  CHECK(status.message().find("\"nope\"") != std::string::npos);
  CHECK(status.message().find(world.fake.endpoint()) != std::string::npos);
}

TEST_CASE("KserveEngine loads: a broken model is told in the server's words") {
  Triton world;
  world.fake.FailLoad("a", Broken());
  const absl::Status status = world.Load("a").status();
  CHECK(absl::IsFailedPrecondition(status));
  CHECK(ReasonOf(status) == "MODEL_DAMAGED");
  CHECK(status.message().find("this model is broken") != std::string::npos);
  CHECK_FALSE(world.IsReady("a"));
  CHECK_FALSE(world.LookAt("a").was_unloaded);
}

TEST_CASE("KserveEngine loads: memory that is short is told apart") {
  Triton world;
  world.fake.FailLoad("a", {grpc::StatusCode::INVALID_ARGUMENT,
                            "load failed: CUDA error: out of memory"});
  const absl::Status status = world.Load("a").status();
  CHECK(absl::IsResourceExhausted(status));
  CHECK(ReasonOf(status) == "MEMORY_SHORT");
}

TEST_CASE("KserveEngine loads: a load that was not one is not believed") {
  Triton world;
  world.fake.LieAboutLoads();
  const absl::Status status = world.Load("a").status();
  CHECK(absl::IsUnavailable(status));
  CHECK(ReasonOf(status) == "LOAD_NOT_CONFIRMED");
}

TEST_CASE("KserveEngine loads: a cancelled load is waited for and unloaded") {
  Triton world;
  KserveEngine::Options options;
  options.give_up_timeout = kPatience;
  world.engine = EngineOn(world.fake.endpoint(), options);
  world.fake.HoldLoads(true);
  BackgroundLoad load(*world.engine, KserveSpec("a"));
  world.fake.AwaitLoading("a");
  load.Cancel();
  const int looks = world.fake.CallCount("RepositoryIndex");
  REQUIRE(Eventually(
      [&] { return world.fake.CallCount("RepositoryIndex") > looks + 2; }));
  // Triton would do it at once after the load, and may crash of that.
  CHECK(world.fake.CallCount("RepositoryModelUnload") == 0);
  CHECK(world.fake.StateOf("a") == "LOADING");
  world.fake.HoldLoads(false);
  CHECK(absl::IsCancelled(load.Result().status()));
  CHECK(ReasonOf(load.Result().status()) == "CANCELLED");
  CHECK(world.fake.StateOf("a") == "UNAVAILABLE");
  CHECK_FALSE(world.LookAt("a").was_unloaded);
}

TEST_CASE("KserveEngine loads: one that does not end is taken back later") {
  Triton world;
  world.fake.HoldLoads(true);
  BackgroundLoad load(*world.engine, KserveSpec("a"));
  world.fake.AwaitLoading("a");
  load.Cancel();
  CHECK(absl::IsCancelled(load.Result().status()));
  CHECK_FALSE(world.LookAt("a").is_loading);  // nobody waits for it
  CHECK(world.fake.StateOf("a") == "LOADING");
  world.fake.HoldLoads(false);
  CHECK(world.IsTakenBack("a"));
  // It is over: what others do is theirs.
  world.LookAt("a");
  world.fake.LoadByUser("a");
  CHECK(world.IsReady("a"));
  CHECK(world.IsReady("a"));
}

TEST_CASE("KserveEngine loads: what was given up and is wanted is loaded") {
  Triton world;
  world.fake.HoldLoads(true);
  {
    BackgroundLoad load(*world.engine, KserveSpec("a"));
    world.fake.AwaitLoading("a");
    load.Cancel();
    CHECK(absl::IsCancelled(load.Result().status()));
  }
  const int looks = world.fake.CallCount("RepositoryIndex");
  BackgroundLoad again(*world.engine, KserveSpec("a"));
  REQUIRE(Eventually(
      [&] { return world.fake.CallCount("RepositoryIndex") > looks + 2; }));
  CHECK(world.fake.CallCount("RepositoryModelUnload") == 0);
  world.fake.HoldLoads(false);
  INFO(again.Result().status().ToString());
  REQUIRE(again.Result().ok());
  for (int i = 0; i < 5; ++i) CHECK(world.IsReady("a"));
}

TEST_CASE("KserveEngine loads: a load that others began is left to them") {
  Triton world;
  world.fake.HoldLoads(true);
  world.fake.BeginLoadByUser("a");
  BackgroundLoad load(*world.engine, KserveSpec("a"));
  REQUIRE(Eventually(
      [&] { return world.fake.CallCount("RepositoryModelLoad") == 1; }));
  load.Cancel();
  CHECK(absl::IsCancelled(load.Result().status()));
  CHECK(world.fake.CallCount("RepositoryModelUnload") == 0);
  world.fake.HoldLoads(false);
  world.fake.EndLoadByUser("a");
  CHECK(world.IsReady("a"));
  CHECK(world.IsReady("a"));
}

TEST_CASE("KserveEngine loads: cancelled before it began nothing is asked") {
  Triton world;
  TestControl control;
  control.Cancel();
  const auto result = world.engine->Load(KserveSpec("a"), control);
  CHECK(absl::IsCancelled(result.status()));
  CHECK(world.fake.CallCount("RepositoryModelLoad") == 0);
}

TEST_CASE("KserveEngine loads: an unload that does not end is told") {
  Triton world;
  world.LoadOk("a");
  world.fake.HoldUnloads(true);
  const absl::Status status = world.Unload("a");
  CHECK(absl::IsFailedPrecondition(status));
  CHECK(ReasonOf(status) == "MEMORY_IN_USE");
}

TEST_CASE("KserveEngine loads: what somebody is loading is not unloaded") {
  Triton world;
  world.fake.BeginLoadByUser("a");
  const absl::Status status = world.Unload("a");
  CHECK(ReasonOf(status) == "MEMORY_IN_USE");
  CHECK(world.fake.CallCount("RepositoryModelUnload") == 0);
  world.fake.EndLoadByUser("a");
  CHECK(world.IsReady("a"));
}

TEST_CASE("KserveEngine loads: a server that minds its models itself refuses") {
  Triton world;
  world.fake.FailLoad("a",
                      {grpc::StatusCode::UNAVAILABLE,
                       "explicit model load / unload is not allowed if polling "
                       "is enabled"});
  const absl::Status status = world.Load("a").status();
  CHECK(absl::IsUnavailable(status));
  CHECK(ReasonOf(status) == "ENGINE_REFUSES");
}

}  // namespace warmup
