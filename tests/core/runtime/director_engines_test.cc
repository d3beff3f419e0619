// What engines show of themselves, and what the director makes of it.

#include <algorithm>

#include "core/runtime/director.h"
#include "tests/core/runtime/small_world.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

constexpr Sighting kReady60 = {.residency = {Tier::kReady, 60, 60}};

bool Told(const SmallWorld& world, const std::string& type) {
  return std::count(world.events.begin(), world.events.end(), type) == 1;
}

int64_t UsedBytes(const SmallWorld& world) {
  return world.director.GetStatus().devices[0].used_bytes;
}

// A look that failed.
EngineLook Failed(SmallWorld& world, absl::Status why) {
  world.now += absl::Seconds(1);
  return {.engine = "fake",
          .started = world.now,
          .models = world.director.ModelsOf("fake"),
          .sightings = std::move(why)};
}

TEST_CASE("Director: what somebody else loaded is taken as it is") {
  SmallWorld world(SmallHost(100, false));
  world.Add("m", 50);
  world.Show({{"m", kReady60}});
  const auto view = world.director.GetModel("m");
  CHECK(view->state == ModelState::kReady);
  CHECK(view->held_bytes == 60);
  CHECK(Told(world, "model_found_ready"));
  CHECK(world.loads.empty());
  world.Demand("m");
  REQUIRE(world.wakes.size() == 1);
  CHECK(world.wakes[0].served_as == ServedAs::kWarm);
  // It may have to go for somebody who waits, as any other.
  world.now += absl::Minutes(1);
  world.Add("other", 80);
  world.Demand("other");
  REQUIRE(world.unloads.size() == 1);
  CHECK(world.unloads[0].spec.id == "m");
}

TEST_CASE("Director: who waits for a model that appears is woken") {
  SmallWorld world(SmallHost(100, false));
  world.Add("a", 90);
  world.Add("b", 50);
  world.Show({{"a", {.residency = {Tier::kReady, 90, 90}, .is_busy = true}}});
  world.Show({{"a", {.residency = {Tier::kReady, 90, 90}, .is_busy = true}}});
  world.Demand("b");
  CHECK(world.unloads.empty());  // a request is in flight there
  CHECK(world.loads.empty());
  world.Show({{"b", {.residency = {Tier::kReady, 50, 50}}}});
  REQUIRE(world.wakes.size() == 1);
  CHECK(world.wakes[0].status.ok());
  CHECK(world.wakes[0].model == "b");
}

TEST_CASE("Director: a busy model is unloaded for nobody") {
  SmallWorld world(SmallHost(100, false));
  world.Add("m", 60);
  world.Show({{"m", kReady60}});
  Sighting busy = kReady60;
  busy.is_busy = true;
  world.Show({{"m", busy}});
  Effects fx;
  const absl::Status refused = world.director.UnloadModel(
      world.now, "m", 1, absl::InfiniteFuture(), &fx);
  CHECK(refused.code() == absl::StatusCode::kFailedPrecondition);
  world.Add("other", 80);
  world.Demand("other");
  CHECK(world.unloads.empty());
  world.Show({{"m", kReady60}});  // done
  CHECK(world.unloads.size() == 1);
}

TEST_CASE("Director: a look that is older than a load says nothing of it") {
  SmallWorld world(SmallHost(100, false));
  world.Add("m", 60);
  const EngineLook old{.engine = "fake",
                       .started = world.now,
                       .models = world.director.ModelsOf("fake"),
                       .sightings = std::vector<Sighting>(1)};
  world.now += absl::Seconds(1);
  world.Demand("m");
  world.FinishLoad();
  world.Look(old);
  CHECK(world.director.GetModel("m")->state == ModelState::kReady);
  CHECK(world.unloads.empty());
}

TEST_CASE("Director: a use is not lost with what a look says too late") {
  SmallWorld world(SmallHost(100, false));
  world.Add("m", 60);
  EngineLook old{.engine = "fake",
                 .started = world.now,
                 .models = world.director.ModelsOf("fake"),
                 .sightings = std::vector<Sighting>(1)};
  old.sightings->at(0).uses = 1;
  world.now += absl::Seconds(1);
  world.Demand("m");
  world.FinishLoad();
  world.Look(old);
  CHECK(world.director.GetModel("m")->state == ModelState::kReady);
  world.Tick(UseMatcher::kGrace);
  CHECK(world.director.GetStatus().totals.usages == 1);
}

TEST_CASE(
    "Director: an engine that is gone holds nothing, one that is slow does") {
  SmallWorld world(SmallHost(100, false));
  world.Add("m", 60);
  world.Show({{"m", kReady60}});
  world.Look(Failed(world, absl::DeadlineExceededError("slow")));
  CHECK(UsedBytes(world) == 60);
  CHECK(Told(world, "engine_unavailable"));
  world.Look(Failed(world, absl::UnavailableError("refused")));
  CHECK(UsedBytes(world) == 0);
  CHECK(world.director.GetModel("m")->state == ModelState::kCold);
  CHECK(world.unloads.empty());  // nobody is there to be asked
  CHECK(Told(world, "model_lost"));
  const auto engines = world.director.ListEngines();
  REQUIRE(engines.size() == 1);
  CHECK(engines[0].health.message() == "refused");
  world.Show({});
  CHECK(Told(world, "engine_available"));
  CHECK(world.director.ListEngines()[0].health.ok());
}

TEST_CASE("Director: a new start of an engine ends the backoff of its models") {
  SmallWorld world(SmallHost(100, false));
  world.Add("m", 60);
  world.Demand("m");
  Effects fx;
  world.director.OnLoadDone(world.now, world.loads.at(0).id,
                            absl::UnavailableError("it died"), &fx);
  world.loads.clear();
  world.Look(Failed(world, absl::UnavailableError("refused")));
  world.Show({});
  world.Demand("m");
  CHECK(world.loads.size() == 1);
}

TEST_CASE("Director: nothing is guessed for an engine that does not answer") {
  SmallWorld world(SmallHost(100, true));
  world.Add("m", 60);
  world.Look(Failed(world, absl::DeadlineExceededError("slow")));
  Session session;
  session.id = "s";
  session.lease = absl::Hours(1);
  session.roles = {{"chat", "m"}};
  Effects fx;
  REQUIRE(world.director.StartSession(world.now, session, &fx).ok());
  world.Take(std::move(fx));
  CHECK(world.loads.empty());
  world.Show({});
  CHECK(world.loads.size() == 1);
}

TEST_CASE("Director: what the user unloaded is not brought back by a guess") {
  SmallWorld world(SmallHost(100, true));
  world.Add("m", 60);
  world.Show({{"m", kReady60}});
  Session session;
  session.id = "s";
  session.lease = absl::Hours(1);
  session.roles = {{"chat", "m"}};
  Effects fx;
  REQUIRE(world.director.StartSession(world.now, session, &fx).ok());
  world.Take(std::move(fx));
  world.Show({{"m", {.was_unloaded = true}}});
  CHECK(world.director.GetModel("m")->state == ModelState::kCold);
  world.Tick(absl::Seconds(30));
  CHECK(world.loads.empty());
  CHECK(UsedBytes(world) == 0);
}

TEST_CASE(
    "Director: a use that the engine shows is learned at once, and once") {
  SmallWorld world(SmallHost(100, false));
  world.Add("m", 60);
  Sighting used = kReady60;
  used.uses = 1;
  world.Show({{"m", used}});
  CHECK(world.director.GetModel("m")->last_used == world.now);
  CHECK(world.director.GetStatus().totals.usages == 1);
  CHECK(world.director.GetModel("m")->p_1h > 0);
  // Reported by the client too.
  world.Tick(UseMatcher::kGrace);
  Effects fx;
  REQUIRE(world.director.RecordUsage(world.now, {{.model = "m"}}, &fx).ok());
  world.Show({{"m", used}});
  world.Tick(UseMatcher::kGrace);
  CHECK(world.director.GetStatus().totals.usages == 2);
  CHECK(world.director.GetStatus().totals.usages_seen == 1);
}

TEST_CASE("Director: looks are frequent while somebody is here") {
  SmallWorld world(SmallHost(100, false));
  world.Add("m", 60);
  CHECK_FALSE(world.director.IsAnybodyHere(world.now));
  Sighting used = kReady60;
  used.uses = 1;
  world.Show({{"m", used}});
  CHECK(world.director.IsAnybodyHere(world.now));
  world.Tick(absl::Minutes(2));
  CHECK_FALSE(world.director.IsAnybodyHere(world.now));
}

TEST_CASE("Director: two engines may have models of one name") {
  Director::Options options = SmallHost(100, false);
  options.engines.insert("second");
  SmallWorld world(options);
  Effects fx;
  CHECK(world.director.OnOffered(world.now, Model("m", 10), &fx));
  CHECK_FALSE(world.director.OnOffered(world.now, Model("m", 10), &fx));
  ModelSpec same = Model("m", 20);
  same.engine = "second";
  CHECK(world.director.OnOffered(world.now, same, &fx));
  CHECK_FALSE(world.director.OnOffered(world.now, same, &fx));
  CHECK(world.director.GetModel("second/m")->spec.size_bytes == 20);
  CHECK(world.director.ModelsOf("second")->size() == 1);
}

}  // namespace
}  // namespace warmup
