// What the director writes into the log of use.

#include <vector>

#include "core/runtime/director.h"
#include "tests/core/runtime/small_world.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

struct LoggedWorld : SmallWorld {
  LoggedWorld() : SmallWorld(SmallHost(100, false)) {
    Add("m", 60);
    Add("n", 60);
  }
  std::vector<UseRecord> Start(const std::map<std::string, ModelId>& roles) {
    Session session;
    session.id = "s";
    session.user = "ann";
    session.lease = absl::Hours(1);
    session.roles = roles;
    Effects fx;
    REQUIRE(director.StartSession(now, session, &fx).ok());
    return fx.uses;
  }
  std::vector<UseRecord> Report(const ActivityReport& report) {
    Effects fx;
    REQUIRE(director.ReportActivity(now, {report}, &fx).ok());
    return fx.uses;
  }
};

// Without their numbers.
void Check(std::vector<UseRecord> uses, const std::vector<UseRecord>& wanted) {
  int64_t last = 0;
  for (UseRecord& use : uses) {
    CHECK(use.number > last);
    last = std::exchange(use.number, 0);
  }
  CHECK((uses == wanted));
}

TEST_CASE("Director: a use that is reported is logged at its time") {
  LoggedWorld world;
  world.Start({});
  const absl::Time before = world.now - absl::Minutes(40);
  Effects fx;
  REQUIRE(world.director
              .RecordUsage(world.now,
                           {{.model = "n", .session = "s"},
                            {.model = "m", .user = "bob", .at = before}},
                           &fx)
              .ok());
  Check(fx.uses, {{world.now, 0, UseKind::kUse, "ann", "n"},
                  {before, 0, UseKind::kUse, "bob", "m"}});
}

TEST_CASE("Director: a batch that is refused is not logged") {
  LoggedWorld world;
  Effects fx;
  CHECK_FALSE(world.director
                  .RecordUsage(world.now, {{.model = "m"}, {.model = "x"}}, &fx)
                  .ok());
  CHECK(fx.uses.empty());
}

TEST_CASE("Director: a use that is seen at the engine is logged as nobody's") {
  LoggedWorld world;
  const Sighting used = {
      .residency = {Tier::kReady, 60, 60}, .uses = 1, .is_busy = true};
  world.now += absl::Seconds(1);
  EngineLook look{.engine = "fake",
                  .started = world.now,
                  .models = world.director.ModelsOf("fake"),
                  .sightings = std::vector<Sighting>{used, {}}};
  Effects fx;
  world.director.OnLooked(world.now, look, &fx);
  Check(fx.uses, {{world.now, 0, UseKind::kUse, "", "m"}});
}

TEST_CASE("Director: a session logs the models that it binds, once each") {
  LoggedWorld world;
  Check(world.Start({{"chat", "m"}, {"edit", "m"}, {"embedding", "n"}}),
        {{world.now, 0, UseKind::kSession, "ann", "m"},
         {world.now, 0, UseKind::kSession, "ann", "n"}});
  Effects fx;
  world.now += absl::Minutes(1);
  REQUIRE(
      world.director.KeepAliveSession(world.now, "s", std::nullopt, &fx).ok());
  CHECK(fx.uses.empty());
}

TEST_CASE("Director: an activity is logged as what it announces, or its kind") {
  LoggedWorld world;
  world.Start({{"chat", "m"}});
  Check(world.Report({.kind = "typing", .session = "s"}),
        {{world.now, 0, UseKind::kActivity, "ann", "typing"}});
  Check(world.Report({.kind = "panel", .session = "s", .role = "chat"}),
        {{world.now, 0, UseKind::kHint, "ann", "m"}});
  Check(world.Report({.kind = "panel", .user = "bob", .model = "n"}),
        {{world.now, 0, UseKind::kHint, "bob", "n"}});
  world.now += absl::Milliseconds(50);
  CHECK(world.Report({.kind = "typing", .session = "s"}).empty());
}

TEST_CASE("Director: a prediction that warms logs what it announces") {
  LoggedWorld world;
  world.Start({{"chat", "m"}});
  Effects fx;
  const PredictionRequest asked{.task = ModelType::kChat, .session = "s"};
  REQUIRE(world.director.Predict(world.now, asked, &fx).ok());
  CHECK(fx.uses.empty());
  PredictionRequest warmed = asked;
  warmed.warm = true;
  REQUIRE(world.director.Predict(world.now, warmed, &fx).ok());
  Check(fx.uses, {{world.now, 0, UseKind::kHint, "ann", "m"}});
}

}  // namespace
}  // namespace warmup
