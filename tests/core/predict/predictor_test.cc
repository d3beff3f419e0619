#include "core/predict/predictor.h"

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/catch.h"

namespace warmup {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1731931200);  // Monday, noon

// Feeds a predictor and looks into its forecasts.
struct Scene {
  Predictor predictor{absl::UTCTimeZone()};
  absl::Time now = kStart;

  void Use(const ModelId& model, const std::string& user = "ann",
           const SessionId& session = "s1") {
    predictor.Observe(Usage{model, session, user, now});
  }
  void Announce(const ModelId& model, const std::string& user = "ann",
                const SessionId& session = "s1") {
    predictor.Observe(Announcement{model, session, user, now});
  }
  Forecast Of(const ModelId& model, const ForecastContext& context) const {
    for (const Forecast& forecast : predictor.Predict(now, context, 64)) {
      if (forecast.model == model) return forecast;
    }
    return {};
  }
  Forecast Of(const ModelId& model) const { return Of(model, {"s1", "ann"}); }
};

TEST_CASE("Predictor: forecasts nothing before it has seen anything") {
  CHECK(Scene().predictor.Predict(kStart, {"s1", "ann"}, 16).empty());
}

TEST_CASE("Predictor: probabilities rise with evidence") {
  Scene scene;
  double last = 0;
  for (int i = 0; i < 8; ++i) {
    scene.Use("chat");
    const double p = scene.Of("chat").p_5min;
    if (i > 0) CHECK(p > last);
    last = p;
    scene.now += absl::Seconds(90);
  }
  CHECK(last > 0.7);
}

TEST_CASE("Predictor: the hazard falls in a silence longer than usual") {
  Scene scene;
  for (int i = 0; i < 30; ++i) {
    scene.Use("chat");
    scene.now += absl::Seconds(90);
  }
  const double soon = scene.Of("chat").p_5min;
  scene.now += absl::Hours(3);
  const double late = scene.Of("chat").p_5min;
  CHECK(soon > 0.8);
  CHECK(late < 0.3);
}

TEST_CASE("Predictor: learns that one model follows another") {
  Scene scene;
  for (int i = 0; i < 20; ++i) {
    scene.Use("edit");
    scene.now += absl::Seconds(20);
    scene.Use("review");
    scene.now += absl::Minutes(50);
    scene.Use("other");
    scene.now += absl::Minutes(50);
  }
  const double before = scene.Of("review").p_1min;
  scene.Use("edit");
  scene.now += absl::Seconds(1);
  CHECK(scene.predictor.Predict(scene.now, {"s1", "ann"}, 1)[0].model ==
        "review");
  const double after = scene.Of("review").p_1min;
  CHECK(after > 5 * before);
  CHECK(after > 20 * scene.Of("other").p_1min);
  CHECK(scene.Of("review").p_1h > 0.9);
}

TEST_CASE("Predictor: two models back decide where one is not enough") {
  Scene scene;
  // a m x  and  b m y: after m, only the model before it tells.
  const std::vector<ModelId> cycle = {"a", "m", "x", "b", "m", "y"};
  for (int i = 0; i < 30; ++i) {
    for (const ModelId& model : cycle) {
      scene.Use(model);
      scene.now += absl::Seconds(40);
    }
  }
  scene.Use("a");
  scene.now += absl::Seconds(40);
  scene.Use("m");
  scene.now += absl::Seconds(1);
  CHECK(scene.Of("x").p_1min > 1.5 * scene.Of("y").p_1min);
  scene.now += absl::Seconds(39);
  scene.Use("x");
  scene.now += absl::Seconds(40);
  scene.Use("b");
  scene.now += absl::Seconds(40);
  scene.Use("m");
  scene.now += absl::Seconds(1);
  CHECK(scene.Of("y").p_1min > 1.5 * scene.Of("x").p_1min);
}

TEST_CASE("Predictor: knows the hour at which a model is used") {
  Scene scene;
  for (int day = 0; day < 40; ++day) {
    scene.now = kStart + absl::Hours(24 * day);
    scene.Use("standup");
    scene.now += absl::Hours(8);
    scene.Use("evening");
  }
  const absl::Time tomorrow = kStart + absl::Hours(24 * 40);
  scene.now = tomorrow - absl::Minutes(20);
  const double before_noon = scene.Of("standup").p_1h;
  scene.now = tomorrow - absl::Hours(8);
  const double at_night = scene.Of("standup").p_1h;
  CHECK(before_noon > at_night);
}

TEST_CASE("Predictor: an announced model is a candidate at once") {
  Scene scene;
  scene.Announce("fresh");
  const Forecast forecast = scene.Of("fresh");
  CHECK(forecast.model == "fresh");
  CHECK(forecast.p_5min > 0.3);
  scene.now += absl::Minutes(11);
  CHECK(scene.Of("fresh").p_5min < 0.05);
}

TEST_CASE("Predictor: a session that lies loses trust, another does not") {
  Scene scene;
  for (int i = 0; i < 12; ++i) {
    scene.Announce("big", "ann", "liar");
    scene.Announce("small", "bob", "honest");
    scene.now += absl::Seconds(20);
    scene.Use("small", "bob", "honest");
    scene.now += absl::Hours(5);
  }
  scene.Announce("big", "ann", "liar");
  scene.Announce("small", "bob", "honest");
  CHECK(scene.Of("big", {"liar", "ann"}).p_5min < 0.15);
  CHECK(scene.Of("small", {"honest", "bob"}).p_5min > 0.6);
}

TEST_CASE("Predictor: an unknown session backs off to its user") {
  Scene scene;
  for (int i = 0; i < 20; ++i) {
    scene.Use("mine", "ann", "s1");
    scene.Use("theirs", "bob", "s2");
    scene.now += absl::Seconds(60);
  }
  const Forecast mine = scene.Of("mine", {"new", "ann"});
  CHECK(mine.p_5min > 0.5);
  CHECK(scene.Of("theirs", {"new", "ann"}).p_5min < mine.p_5min / 2);
}

TEST_CASE("Predictor: an unknown user backs off to everybody") {
  Scene scene;
  for (int i = 0; i < 60; ++i) {
    scene.Use(i % 6 == 0 ? "rare" : "popular", "user" + std::to_string(i % 5),
              "");
    scene.now += absl::Seconds(30);
  }
  const auto forecasts = scene.predictor.Predict(scene.now, {"", "new"}, 2);
  REQUIRE(forecasts.size() == 2);
  CHECK(forecasts[0].model == "popular");
  CHECK(forecasts[0].p_5min > forecasts[1].p_5min);
  CHECK(forecasts[0].p_5min > 0.5);
}

TEST_CASE("Predictor: what somebody else uses is less likely for me") {
  Scene scene;
  for (int i = 0; i < 40; ++i) {
    scene.Use("mine", "ann", "");
    scene.now += absl::Seconds(30);
    scene.Use("theirs", "bob", "");
    scene.now += absl::Seconds(30);
  }
  const double for_me = scene.Of("theirs", {"", "ann"}).p_5min;
  CHECK(for_me < scene.Of("theirs", {"", "bob"}).p_5min);
  CHECK(for_me < scene.Of("theirs", {}).p_5min);
}

TEST_CASE("Predictor: expects a model when it usually comes") {
  Scene scene;
  for (int i = 0; i < 40; ++i) {
    scene.Use("chat");
    scene.now += absl::Minutes(3);
  }
  scene.Use("chat");
  const absl::Duration expected = scene.Of("chat").expected_until_use;
  CHECK(expected > absl::Seconds(60));
  CHECK(expected < absl::Minutes(6));
  scene.now += absl::Hours(24 * 90);
  CHECK(scene.Of("chat").expected_until_use > absl::Hours(1));
}

TEST_CASE("Predictor: a use reported twice counts once") {
  Scene once;
  Scene twice;
  for (int i = 0; i < 10; ++i) {
    once.Use("chat");
    twice.Use("chat");
    twice.Use("chat");
    once.now = twice.now = once.now + absl::Seconds(70);
  }
  CHECK(once.Of("chat").p_5min == twice.Of("chat").p_5min);
}

TEST_CASE("Predictor: late facts do no harm") {
  Scene scene;
  for (int i = 0; i < 20; ++i) {
    scene.now += absl::Seconds(60);
    scene.Use("chat");
    scene.now -= absl::Seconds(45);
    scene.Use("late");
    scene.now += absl::Seconds(45);
  }
  CHECK(scene.Of("chat").p_5min > 0.7);
  CHECK(scene.Of("late").p_5min > 0.1);
}

TEST_CASE("Predictor: a clock that stands before the facts is no problem") {
  Scene scene;
  scene.Use("chat");
  scene.now -= absl::Hours(1);
  const Forecast forecast = scene.Of("chat");
  CHECK(forecast.p_1h >= 0);
  CHECK(forecast.p_1h <= 1);
  scene.predictor.Observe(Usage{"never", "s1", "ann", absl::InfiniteFuture()});
  CHECK(scene.Of("never").model.empty());
}

TEST_CASE("Predictor: a forgotten model is not forecast again") {
  Scene scene;
  for (int i = 0; i < 10; ++i) {
    scene.Use("old");
    scene.now += absl::Seconds(30);
    scene.Use("kept");
    scene.now += absl::Seconds(30);
  }
  scene.Announce("old");
  scene.predictor.ForgetModel("old");
  scene.predictor.ForgetModel("unheard of");
  CHECK(scene.Of("old").model.empty());
  CHECK(scene.Of("kept").p_5min > 0.3);
  // A new model may take its place; nothing of the old one sticks to it.
  scene.Announce("new");
  scene.now += absl::Hours(2);
  CHECK(scene.Of("new").p_5min < 0.05);
}

TEST_CASE("Predictor: a forgotten session leaves its user's habits") {
  Scene scene;
  for (int i = 0; i < 10; ++i) {
    scene.Use("chat");
    scene.now += absl::Seconds(60);
  }
  scene.predictor.ForgetSession("s1");
  scene.predictor.ForgetSession("s1");
  CHECK(scene.Of("chat").p_5min > 0.5);
}

TEST_CASE("Predictor: the most probable come first, ties by name") {
  Scene scene;
  for (const char* model : {"c", "a", "b"}) scene.Announce(model);
  const auto forecasts = scene.predictor.Predict(scene.now, {"s1", "ann"}, 64);
  REQUIRE(forecasts.size() == 3);
  CHECK(forecasts[0].model == "a");
  CHECK(forecasts[2].model == "c");
  CHECK(scene.predictor.Predict(scene.now, {"s1", "ann"}, 2).size() == 2);
  CHECK(scene.predictor.Predict(scene.now, {"s1", "ann"}, 0).empty());
}

}  // namespace
}  // namespace warmup
