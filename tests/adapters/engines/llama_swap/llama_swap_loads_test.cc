// Loads and unloads, and what becomes of those that are given up.

#include <string>
#include <thread>
#include <vector>

#include "tests/adapters/engines/llama_swap/llama_swap_fixture.h"

namespace warmup {

TEST_CASE("LlamaSwapEngine: loads and unloads, by any name") {
  const auto [name, path] = GENERATE(table<std::string, std::string>({
      {"a", "a"},
      {"org/model-7b", "org/model-7b"},
      {"with space", "with space"},
      {"q\"uo?te&%2F#", "q\"uo?te&%2F#"},
      {"\xc3\xa4", "\xc3\xa4"},
  }));
  CAPTURE(name);
  LlamaSwap swap;
  swap.fake.AddNamed(name);
  const LoadResult result = swap.LoadOk(name);
  CHECK(result.residency.tier == Tier::kReady);
  CHECK(result.residency.resident_bytes == 1'000);  // nothing to measure
  CHECK(result.start == LoadStart::kUnknown);
  CHECK(swap.fake.IsLoaded(name));
  CHECK(swap.IsReady(name));
  CHECK(swap.fake.CallCount("/upstream/" + path + "/health") == 1);

  CHECK(swap.Unload(name).ok());
  CHECK_FALSE(swap.fake.IsLoaded(name));
  CHECK_FALSE(swap.IsReady(name));
  CHECK(swap.Unload(name).ok());
  CHECK(swap.fake.CallCount("/api/models/unload/" + path) == 1);
}

TEST_CASE("LlamaSwapEngine: an alias is the model behind it") {
  LlamaSwap swap;
  swap.LoadOk("ex");
  CHECK(swap.fake.IsLoaded("x"));
  CHECK(swap.IsReady("ex"));
  CHECK(swap.IsReady("x"));
  swap.fake.Use("x");
  swap.AwaitUses("ex", 1);
  CHECK(swap.Unload("ex").ok());
  CHECK_FALSE(swap.fake.IsLoaded("x"));
}

TEST_CASE("LlamaSwapEngine: what is ready already is not asked for again") {
  LlamaSwap swap;
  swap.LoadOk("a");
  const LoadResult again = swap.LoadOk("a");
  CHECK(again.start == LoadStart::kReady);
  CHECK(again.residency.resident_bytes == 1'000);
  CHECK(swap.fake.CallCount("/upstream/a/health") == 1);
}

TEST_CASE("LlamaSwapEngine: a load is done when the model is ready") {
  LlamaSwap swap;
  swap.fake.HoldLoads(true);
  BackgroundLoad load(*swap.engine, LlamaSwap::Spec("a"));
  swap.fake.AwaitState("a", "starting");
  CHECK_FALSE(load.has_ended());
  swap.fake.HoldLoads(false);
  CHECK(load.Result().ok());
  CHECK(swap.fake.IsLoaded("a"));
}

TEST_CASE("LlamaSwapEngine: a model without a /health is loaded all the same") {
  LlamaSwap swap;
  swap.fake.SetHealthStatus(404);
  swap.LoadOk("a");
  CHECK(swap.IsReady("a"));
}

TEST_CASE("LlamaSwapEngine: a cancelled load is taken back") {
  LlamaSwap swap;
  swap.fake.HoldLoads(true);
  BackgroundLoad load(*swap.engine, LlamaSwap::Spec("a"));
  swap.fake.AwaitState("a", "starting");
  load.Cancel();
  CHECK(absl::IsCancelled(load.Result().status()));
  // Leaving alone would not have ended it.
  CHECK(swap.fake.CallCount("/api/models/unload/a") == 1);
  swap.fake.HoldLoads(false);
  CHECK(swap.fake.StateOf("a") == "stopped");
  CHECK_FALSE(swap.LookAt("a").was_unloaded);
}

TEST_CASE("LlamaSwapEngine: a cancelled load that others want is theirs") {
  LlamaSwap swap;
  swap.fake.HoldLoads(true);
  BackgroundLoad load(*swap.engine, LlamaSwap::Spec("a"));
  swap.fake.AwaitState("a", "starting");
  const bool is_still_there = GENERATE(true, false);
  swap.fake.BeginRequest("a");
  REQUIRE(swap.AwaitBusy("a", true));
  if (!is_still_there) {
    swap.fake.EndRequest("a");
    REQUIRE(swap.AwaitBusy("a", false));
  }
  load.Cancel();
  CHECK(absl::IsCancelled(load.Result().status()));
  CHECK(swap.fake.CallCount("/api/models/unload/a") == 0);
  swap.fake.HoldLoads(false);
  CHECK(swap.fake.IsLoaded("a"));
}

TEST_CASE("LlamaSwapEngine: cancelling to wait for another's load leaves it") {
  LlamaSwap swap(FakeLlamaSwap::Feed::kNone);
  swap.fake.HoldLoads(true);
  swap.fake.BeginRequest("a");
  BackgroundLoad load(*swap.engine, LlamaSwap::Spec("a"));
  swap.fake.AwaitWaiting("a", 1);
  load.Cancel();
  CHECK(absl::IsCancelled(load.Result().status()));
  swap.fake.HoldLoads(false);
  CHECK(swap.fake.IsLoaded("a"));
}

TEST_CASE(
    "LlamaSwapEngine: a busy model holds back a swap, which can be left") {
  LlamaSwap swap;
  swap.fake.BeginRequest("x");
  BackgroundLoad load(*swap.engine, LlamaSwap::Spec("y"));
  swap.fake.AwaitWaiting("y", 1);
  CHECK(swap.fake.IsLoaded("x"));
  SECTION("to its end") {
    swap.fake.EndRequest("x");
    CHECK(load.Result().ok());
    CHECK(swap.fake.IsLoaded("y"));
    CHECK(swap.fake.StateOf("x") == "stopped");
  }
  SECTION("or before") {
    load.Cancel();
    CHECK(absl::IsCancelled(load.Result().status()));
    swap.fake.AwaitWaiting("y", 0);
    swap.fake.EndRequest("x");
    CHECK(swap.fake.IsLoaded("x"));
    CHECK(swap.fake.StateOf("y") == "stopped");
  }
  CHECK(swap.fake.CutCount() == 0);
}

TEST_CASE("LlamaSwapEngine: a swap that goes on after it was left is undone") {
  LlamaSwap swap;
  swap.LoadOk("x");
  swap.fake.HoldStops(true);
  BackgroundLoad load(*swap.engine, LlamaSwap::Spec("y"));
  swap.fake.AwaitState("x", "stopping");
  load.Cancel();
  // "y" does not show yet: it starts only when "x" has stopped.
  const int looks = swap.fake.CallCount("/running");
  CHECK(
      Eventually([&] { return swap.fake.CallCount("/running") > looks + 2; }));
  CHECK_FALSE(load.has_ended());
  swap.fake.HoldStops(false);
  CHECK(absl::IsCancelled(load.Result().status()));
  CHECK(swap.fake.StateOf("y") == "stopped");
}

TEST_CASE("LlamaSwapEngine: whom a load of ours swapped out was not unloaded") {
  LlamaSwap swap;
  swap.LoadOk("x");
  CHECK(swap.IsReady("x"));
  swap.LoadOk("y");
  CHECK(swap.IsReady("y"));
  const absl::Time deadline = absl::Now() + 2 * llama_swap::kSwapTime;
  while (absl::Now() < deadline) {
    const Sighting sighting = swap.LookAt("x");
    CHECK(sighting.residency.tier == Tier::kCold);
    CHECK_FALSE(sighting.was_unloaded);
  }
}

TEST_CASE("LlamaSwapEngine: somebody's unload during our load ends it") {
  LlamaSwap swap;
  swap.fake.HoldLoads(true);
  BackgroundLoad load(*swap.engine, LlamaSwap::Spec("a"));
  swap.fake.AwaitWaiting("a", 1);
  swap.fake.UnloadByHand("a");
  const absl::Status status = load.Result().status();
  CHECK(absl::IsUnavailable(status));
  CHECK(ReasonOf(status) == "ENGINE_FAILED");
  CHECK_THAT(std::string(status.message()), Catch::Contains("model unloaded"));
  CHECK(swap.fake.StateOf("a") == "stopped");
}

TEST_CASE("LlamaSwapEngine: a model with all its requests is busy") {
  LlamaSwap swap;
  for (int i = 0; i < FakeLlamaSwap::kRequestLimit; ++i) {
    swap.fake.HoldLoads(true);
    swap.fake.BeginRequest("a");
  }
  const absl::Status status = swap.Load("a").status();
  CHECK(absl::IsUnavailable(status));
  CHECK(ReasonOf(status) == "ENGINE_BUSY");
  CHECK(GetErrorDetails(status).retry_after.has_value());
  CHECK(swap.fake.StateOf("a") == "starting");
}

TEST_CASE("LlamaSwapEngine: an unload waits for requests, and kills none") {
  LlamaSwap swap;
  swap.LoadOk("a");
  swap.fake.BeginRequest("a");
  REQUIRE(swap.AwaitBusy("a", true));
  const int looks = swap.fake.CallCount("/running");
  absl::Status status;
  std::thread unload([&] { status = swap.Unload("a"); });
  CHECK(Eventually([&] { return swap.fake.CallCount("/running") > looks; }));
  CHECK(swap.fake.CallCount("/api/models/unload/a") == 0);
  swap.fake.EndRequest("a");
  unload.join();
  CHECK(status.ok());
  CHECK_FALSE(swap.fake.IsLoaded("a"));
  CHECK(swap.fake.CutCount() == 0);
}

TEST_CASE("LlamaSwapEngine: an unload gives up when a request does not end") {
  LlamaSwap swap;
  swap.MakeEngine(absl::Milliseconds(50));
  swap.fake.BeginRequest("a");
  REQUIRE(swap.AwaitBusy("a", true));
  const absl::Status status = swap.Unload("a");
  CHECK(absl::IsFailedPrecondition(status));
  CHECK(ReasonOf(status) == "MEMORY_IN_USE");
  CHECK(swap.fake.IsLoaded("a"));
  CHECK(swap.fake.CutCount() == 0);
}

TEST_CASE("LlamaSwapEngine: an unload asks, whatever its feed has told") {
  LlamaSwap swap;
  swap.MakeEngine(absl::Milliseconds(200));
  swap.LoadOk("a");
  swap.fake.DropRequestEvents(true);  // or they are on their way
  swap.fake.BeginRequest("a");
  CHECK(ReasonOf(swap.Unload("a")) == "MEMORY_IN_USE");
  CHECK(swap.fake.CutCount() == 0);
  swap.fake.DropRequestEvents(false);
  swap.fake.BeginRequest("a");
  REQUIRE(swap.AwaitBusy("a", true));
  swap.fake.DropRequestEvents(true);
  CHECK(swap.fake.EndRequest("a"));
  CHECK(swap.fake.EndRequest("a"));
  CHECK(swap.Unload("a").ok());
}

TEST_CASE(
    "LlamaSwapEngine: while nobody tells who is busy, nothing is killed") {
  LlamaSwap swap;
  swap.LoadOk("a");
  swap.fake.Answer("/api/events", 503, "");
  swap.fake.CutFeed();
  swap.MakeEngine(absl::Milliseconds(50));
  const absl::Status status = swap.Unload("a");
  CHECK(ReasonOf(status) == "MEMORY_IN_USE");
  CHECK(swap.fake.CallCount("/api/models/unload/a") == 0);
  // With the feed it goes.
  swap.fake.Heal();
  swap.LookAt("a");
  swap.fake.AwaitListener();
  CHECK(Eventually([&] { return swap.Unload("a").ok(); }));
  CHECK_FALSE(swap.fake.IsLoaded("a"));
}

TEST_CASE("LlamaSwapEngine: a model that stops already is awaited") {
  LlamaSwap swap;
  swap.LoadOk("a");
  swap.fake.HoldStops(true);
  swap.fake.UnloadByHand("a");
  absl::Status status;
  std::thread unload([&] { status = swap.Unload("a"); });
  CHECK(Eventually(
      [&] { return swap.fake.CallCount("/api/models/unload/a") == 1; }));
  swap.fake.HoldStops(false);
  unload.join();
  CHECK(status.ok());
}

}  // namespace warmup
