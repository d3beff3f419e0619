// What looks see, and what they must not do.

#include <string>

#include "absl/time/clock.h"
#include "tests/adapters/engines/llama_server/llama_server_fixture.h"

namespace warmup {

TEST_CASE("LlamaServerEngine: looks load and wake nothing") {
  Router router;
  router.fake.LoadByHand("s");
  router.fake.Sleep("s");
  const bool has_metrics = GENERATE(true, false);
  if (!has_metrics) router.fake.DropMetrics();
  for (int i = 0; i < 3; ++i) {
    const auto sightings = router.on.LookAtAll({"a", "s", "unknown"});
    for (const Sighting& sighting : sightings) {
      CHECK(sighting.residency.tier == Tier::kCold);
      CHECK_FALSE(sighting.is_busy);
      CHECK(sighting.uses == 0);
    }
  }
  CHECK(router.fake.AutoloadCount() == 0);
  CHECK(router.fake.WakeCount() == 0);
  CHECK(router.fake.CallCount("/slots") == 0);
  CHECK(router.fake.StatusOf("s") == "sleeping");
  CHECK(router.fake.StatusOf("a") == "unloaded");
}

TEST_CASE("LlamaServerEngine: sees what others load, use and unload") {
  Router router;
  CHECK_FALSE(router.on.IsReady("a"));
  router.fake.Use("a");
  const Sighting used = router.on.LookAt("a");
  CHECK(used.residency.tier == Tier::kReady);
  CHECK(used.residency.resident_bytes == FakeLlamaServer::kWeightBytes);
  CHECK(used.uses == 1);
  CHECK(router.on.LookAt("a").uses == 0);
  router.fake.Use("a");
  router.fake.Use("a");
  CHECK(router.on.LookAt("a").uses == 1);  // it does not show how many
  router.fake.UnloadByHand("a");
  while (router.fake.IsLoaded("a")) router.on.LookAt("b");
  const Sighting gone = router.on.LookAt("a");
  CHECK(gone.residency.tier == Tier::kCold);
  CHECK(gone.was_unloaded);
  CHECK_FALSE(router.on.LookAt("a").was_unloaded);
}

TEST_CASE("LlamaServerEngine: uses by another name are the model's") {
  Router router;
  router.on.LookAt("embed");
  router.fake.Use("e");
  CHECK(router.on.LookAt("embed").uses == 1);
}

TEST_CASE("LlamaServerEngine: a load of ours and by hand are no uses") {
  Router router;
  router.on.LookAt("a");
  router.on.LoadOk("a");
  CHECK(router.on.LookAt("a").uses == 0);
  router.fake.LoadByHand("b");
  CHECK(router.on.LookAt("b").uses == 0);
  // But what happens on them is.
  router.fake.Use("a");
  CHECK(router.on.LookAt("a").uses == 1);
}

TEST_CASE("LlamaServerEngine: what was used before we came is no use now") {
  Router router;
  router.fake.Use("a");
  CHECK(router.on.LookAt("a").uses == 0);
  router.fake.Use("a");
  CHECK(router.on.LookAt("a").uses == 1);
}

TEST_CASE("LlamaServerEngine: a request makes a model busy, and is one use") {
  Router router;
  router.on.LookAt("a");
  router.fake.BeginStream("a");
  int64_t uses = 0;
  for (int i = 0; i < 3; ++i) {
    const Sighting during = router.on.LookAt("a");
    CHECK(during.is_busy);
    uses += during.uses;
  }
  router.fake.EndStream("a");
  const Sighting after = router.on.LookAt("a");
  CHECK_FALSE(after.is_busy);
  CHECK(uses + after.uses == 1);
}

TEST_CASE("LlamaServerEngine: one that does not answer in time is busy") {
  Router router;
  router.fake.LoadByHand("a");
  router.on.LookAt("a");
  router.fake.Hang("/metrics");
  const absl::Time start = absl::Now();
  const Sighting sighting = router.on.LookAt("a");
  CHECK(absl::Now() - start < absl::Seconds(5));
  CHECK(sighting.residency.tier == Tier::kReady);
  CHECK(sighting.is_busy);
}

TEST_CASE("LlamaServerEngine: without metrics, slots show the uses") {
  Router router;
  router.fake.DropMetrics();
  router.on.LookAt("a");
  router.fake.Use("a");
  CHECK(router.on.LookAt("a").uses == 1);
  router.fake.BeginStream("a");
  CHECK(router.on.LookAt("a").is_busy);
  CHECK(router.on.LookAt("a").uses == 0);
  CHECK(router.on.engine.info().abilities.shows_use);
  // It asks for metrics once, not each time.
  CHECK(router.fake.CallCount("/metrics") == 1);
}

TEST_CASE("LlamaServerEngine: a model that may sleep is not kept awake") {
  Router router;
  router.fake.DropMetrics();
  router.fake.LoadByHand("s");
  router.fake.Use("s");
  const Sighting sighting = router.on.LookAt("s");
  CHECK(sighting.residency.tier == Tier::kReady);
  CHECK(sighting.uses == 0);
  CHECK(router.fake.CallCount("/slots") == 0);
  CHECK_FALSE(router.on.engine.info().abilities.shows_use);
}

TEST_CASE("LlamaServerEngine: without metrics and slots it is only ready") {
  Router router;
  router.fake.DropMetrics();
  router.fake.DropSlots();
  router.fake.LoadByHand("a");
  CHECK(router.on.IsReady("a"));
  CHECK_FALSE(router.on.engine.info().abilities.shows_use);
  router.fake.EndChild("a");
  CHECK_FALSE(router.on.IsReady("a"));
}

TEST_CASE("LlamaServerEngine: metrics that cannot be read are none") {
  Router router;
  router.fake.Answer("/metrics", 200, "<html></html>");
  router.on.LookAt("a");
  router.fake.Use("a");
  const Sighting sighting = router.on.LookAt("a");
  CHECK(sighting.residency.tier == Tier::kReady);
  CHECK(sighting.uses == 1);  // by its slots
}

TEST_CASE("LlamaServerEngine: one listed as loaded that is silent is not") {
  Router router;
  router.on.LoadOk("a");
  router.fake.EndChild("a");
  CHECK(router.fake.IsLoaded("a"));
  CHECK_FALSE(router.on.IsReady("a"));
}

TEST_CASE("LlamaServerEngine: one whose process was killed is cold") {
  Router router;
  router.on.LoadOk("a");
  CHECK(router.on.IsReady("a"));
  router.fake.KillChild("a");
  const Sighting sighting = router.on.LookAt("a");
  CHECK(sighting.residency.tier == Tier::kCold);
  CHECK_FALSE(sighting.was_unloaded);
  router.on.LoadOk("a");
}

TEST_CASE("LlamaServerEngine: sees what is loading, and what sleeps") {
  Router router;
  router.fake.HoldLoads(true);
  BackgroundLoad load(router.on.engine, SpecOf("a"));
  router.fake.AwaitLoading("a");
  const Sighting loading = router.on.LookAt("a");
  CHECK(loading.is_loading);
  CHECK(loading.residency.tier == Tier::kCold);
  router.fake.HoldLoads(false);
  CHECK(load.Result().ok());
  CHECK_FALSE(router.on.LookAt("a").is_loading);
  router.fake.Sleep("a");
  const Sighting sleeping = router.on.LookAt("a");
  CHECK(sleeping.residency.tier == Tier::kCold);
  CHECK(sleeping.residency.total_bytes == FakeLlamaServer::kWeightBytes);
}

TEST_CASE("LlamaServerEngine: what made room was not unloaded by hand") {
  Router router;
  router.fake.SetLimit(1);
  router.on.LoadOk("a");
  router.on.LookAtAll({"a", "b"});
  router.fake.Use("b");
  const auto sightings = router.on.LookAtAll({"a", "b"});
  CHECK(sightings[0].residency.tier == Tier::kCold);
  CHECK_FALSE(sightings[0].was_unloaded);
  CHECK(sightings[1].uses == 1);
}

TEST_CASE("LlamaServerEngine: an engine that restarts empty is seen so") {
  Router router;
  router.on.LoadOk("a");
  router.on.LookAt("a");
  router.fake.Restart();
  const Sighting sighting = router.on.LookAt("a");
  CHECK(sighting.residency.tier == Tier::kCold);
  CHECK_FALSE(sighting.was_unloaded);
}

TEST_CASE("LlamaServerEngine: one that is away is identified anew") {
  Router router;
  router.on.LookAt("a");
  router.fake.Stop();
  const absl::Status away = router.on.engine.Look({SpecOf("a")}).status();
  CHECK(absl::IsUnavailable(away));
  CHECK(ReasonOf(away) == "ENGINE_UNAVAILABLE");
  router.fake.StartAgain();
  router.fake.Answer("/props", 404, "404 page not found");
  CHECK(ReasonOf(router.on.engine.Look({SpecOf("a")}).status()) ==
        "NOT_LLAMA_SERVER");
  router.fake.Heal();
  CHECK_FALSE(router.on.IsReady("a"));
}

TEST_CASE(
    "LlamaServerEngine: a look costs one call, and one of each model up") {
  Router router;
  router.on.LoadOk("a");
  router.on.LookAtAll({"a", "b", "e", "s"});
  const int models = router.fake.CallCount("/models");
  const int metrics = router.fake.CallCount("/metrics");
  const int props = router.fake.CallCount("/props");
  router.on.LookAtAll({"a", "b", "e", "s", "a"});
  CHECK(router.fake.CallCount("/models") == models + 1);
  CHECK(router.fake.CallCount("/metrics") == metrics + 1);
  CHECK(router.fake.CallCount("/props") == props);
}

}  // namespace warmup
