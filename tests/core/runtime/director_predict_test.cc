// What the director tells who asks, and why.

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/core/runtime/small_world.h"

namespace warmup {
namespace {

// Ann, with a session of hers, and others; all of it is told in time.
struct Scene : SmallWorld {
  Scene() : SmallWorld(SmallHost(100, true)) {}

  void Use(const ModelId& id, const std::string& user = "ann") {
    Effects fx;
    REQUIRE(director.RecordUsage(now, {{.model = id, .user = user}}, &fx).ok());
  }
  void AnnounceBy(const ModelId& id, const std::string& user = "ann") {
    Effects fx;
    REQUIRE(director
                .ReportActivity(
                    now, {{.kind = "panel", .user = user, .model = id}}, &fx)
                .ok());
  }
  std::vector<PredictedModel> Ask(PredictionRequest request) {
    Effects fx;
    auto prediction = director.Predict(now, request, &fx);
    REQUIRE(prediction.ok());
    CHECK(fx.loads.empty());
    CHECK(fx.uses.empty());
    return prediction->models;
  }
  Forecast Of(const ModelId& id, const std::string& user = "ann") {
    for (const PredictedModel& model : Ask({.user = user, .max_models = 64})) {
      if (model.forecast.model == id) return model.forecast;
    }
    return {};
  }
};

TEST_CASE("Predict: what was never used is in sight at most as that") {
  Scene scene;
  scene.Add("m", 10);
  CHECK(scene.Ask({}).empty());
  const Forecast forecast = scene.Ask({.task = ModelType::kChat})[0].forecast;
  CHECK(forecast.p_5min == 0);
  CHECK(forecast.p_1h < 0.05);
  CHECK(forecast.expected_until_use == absl::InfiniteDuration());
  CHECK(forecast.reasons ==
        std::vector<std::string>{"serves chat", "never seen in use"});
}

TEST_CASE("Predict: the chance falls in a silence longer than usual") {
  Scene scene;
  scene.Add("chat", 10);
  for (int i = 0; i < 100; ++i) {
    scene.Use("chat");
    scene.now += absl::Seconds(90);
  }
  const double soon = scene.Of("chat").p_5min;
  scene.Tick(absl::Hours(3));
  CHECK(soon > 0.8);
  CHECK(scene.Of("chat").p_5min < 0.3);
}

TEST_CASE("Predict: expects a model when it usually comes") {
  Scene scene;
  scene.Add("chat", 10);
  for (int i = 0; i < 200; ++i) {
    scene.Use("chat");
    scene.now += absl::Minutes(20);
  }
  scene.Use("chat");
  CHECK(scene.Of("chat").p_5min < 0.3);
  const absl::Duration expected = scene.Of("chat").expected_until_use;
  CHECK(expected > absl::Minutes(5));
  CHECK(expected < absl::Hours(1));
  // Whoever has been away for a quarter of a year is not expected at all.
  scene.Tick(absl::Hours(24 * 90));
  CHECK(scene.Of("chat").expected_until_use > absl::Hours(1));
}

TEST_CASE("Predict: two models back decide where one is not enough") {
  Scene scene;
  // a m x  and  b m y: after m, only the model before it tells.
  const std::vector<ModelId> cycle = {"a", "m", "x", "b", "m", "y"};
  for (const char* id : {"a", "m", "x", "b", "y"}) scene.Add(id, 10);
  const auto use = [&](const ModelId& id) {
    scene.now += absl::Seconds(40);
    scene.Use(id);
  };
  for (int i = 0; i < 100; ++i) {
    for (const ModelId& id : cycle) use(id);
  }
  use("a");
  use("m");
  CHECK(scene.Ask({.user = "ann"})[0].forecast.model == "x");
  CHECK(scene.Of("x").p_next > 5 * scene.Of("y").p_next);
  for (const char* id : {"x", "b", "m"}) use(id);
  CHECK(scene.Of("y").p_next > 5 * scene.Of("x").p_next);
}

TEST_CASE("Predict: an announced model leads at once, for ten minutes") {
  Scene scene;
  scene.Add("used", 10);
  scene.Add("fresh", 10);
  scene.Use("used");
  scene.now += absl::Hours(2);
  scene.AnnounceBy("fresh");
  const Forecast forecast = scene.Ask({.user = "ann"})[0].forecast;
  CHECK(forecast.model == "fresh");
  CHECK(forecast.p_5min > 0.3);
  CHECK(forecast.reasons[0] == "announced 0 s ago");
  scene.Tick(absl::Minutes(11));
  CHECK(scene.Of("fresh").p_5min < 0.3);
}

TEST_CASE("Predict: announcements that are not kept lose trust") {
  Scene scene;
  scene.Add("said", 10);
  scene.Add("used", 10);
  for (int i = 0; i < 30; ++i) {
    scene.AnnounceBy("said");
    scene.now += absl::Seconds(20);
    scene.Use("used");
    scene.now += absl::Hours(5);
  }
  scene.AnnounceBy("said");
  CHECK(scene.Of("said").p_5min < 0.15);
}

TEST_CASE("Predict: an announcement is heard among 10,000 known models") {
  Scene scene;
  for (int i = 0; i < 10'000; ++i) {
    scene.Add(absl::StrCat("m", i), 10);
  }
  for (int i = 0; i < 10'000; i += 50) {
    std::vector<UsageReport> batch;
    for (int k = i; k < i + 50; ++k) {
      batch.push_back({.model = absl::StrCat("m", k)});
    }
    Effects fx;
    REQUIRE(scene.director.RecordUsage(scene.now, batch, &fx).ok());
    scene.now += absl::Seconds(1);
  }
  scene.AnnounceBy("m77");
  CHECK(scene.Ask({.max_models = 64}).size() == 64);
  CHECK(scene.Of("m77").p_5min > 0.3);
  // What is not promising, but serves the task, is known all the same.
  Effects fx;
  ModelSpec spec = scene.director.GetModel("m100")->spec;
  spec.type = ModelType::kEmbedding;
  REQUIRE(scene.director.UpdateModel(scene.now, spec, {}, &fx).ok());
  const auto embedding = scene.Ask({.task = ModelType::kEmbedding});
  REQUIRE(embedding.size() == 1);
  CHECK(embedding[0].forecast.p_1h > 0);
  CHECK_THAT(embedding[0].forecast.reasons[0],
             !Catch::Equals("serves embedding"));
}

TEST_CASE("Predict: a user is told what comes after his own last use") {
  Scene scene;
  for (const char* id : {"a", "b", "x"}) scene.Add(id, 10);
  scene.Add("y", 10);
  const auto use = [&](const ModelId& id, const std::string& user) {
    scene.now += absl::Minutes(10);
    scene.Use(id, user);
  };
  // After x, ann uses a, and bob b.
  for (int i = 0; i < 400; ++i) {
    const bool is_ann = (i * i / 7) % 2 == 0;
    use("x", is_ann ? "ann" : "bob");
    use(is_ann ? "a" : "b", is_ann ? "ann" : "bob");
    use("y", "eve");
  }
  use("x", "ann");
  use("x", "bob");
  const auto ratio = [&](const std::string& user) {
    return scene.Of("a", user).p_next / scene.Of("b", user).p_next;
  };
  CHECK(ratio("ann") > 2);
  CHECK(ratio("bob") < 0.5);
  // Who is not known is told what is so for all.
  CHECK(ratio("zoe") == ratio(""));
  CHECK(scene.Of("a", "zoe").p_5min == scene.director.GetModel("a")->p_5min);
}

TEST_CASE("Predict: a session without a user has habits of its own") {
  Scene scene;
  scene.Add("m", 10);
  Announce(scene, "m");
  scene.now += absl::Hours(1) - absl::Seconds(1);
  Effects fx;
  for (int i = 0; i < 10; ++i) {
    REQUIRE(scene.director
                .RecordUsage(scene.now, {{.model = "m", .session = "s"}}, &fx)
                .ok());
  }
  const Forecast forecast = scene.Ask({.session = "s"})[0].forecast;
  CHECK(forecast.p_5min > 0.5);
  // They outlive it.
  REQUIRE(scene.director.StopSession(scene.now, "s", &fx).ok());
  CHECK(scene.Of("m", "s").p_5min == forecast.p_5min);
}

TEST_CASE("Predict: a model that was removed is not forecast again") {
  Scene scene;
  scene.Add("old", 10);
  scene.Add("kept", 10);
  for (int i = 0; i < 10; ++i) {
    scene.Use("old");
    scene.now += absl::Seconds(30);
    scene.Use("kept");
    scene.now += absl::Seconds(30);
  }
  while (!scene.loads.empty()) scene.FinishLoad();
  Effects fx;
  REQUIRE(scene.director.RemoveModel(scene.now, "old", &fx).ok());
  const auto models = scene.Ask({.user = "ann", .max_models = 64});
  REQUIRE(models.size() == 1);
  CHECK(models[0].forecast.model == "kept");
  CHECK(models[0].forecast.p_5min > 0.3);
}

TEST_CASE(
    "Predict: late facts and a clock that stands before them do no harm") {
  Scene scene;
  scene.Add("chat", 10);
  scene.Add("late", 10);
  Effects fx;
  for (int i = 0; i < 100; ++i) {
    scene.now += absl::Seconds(60);
    scene.Use("chat");
    const UsageReport late{
        .model = "late", .user = "ann", .at = scene.now - absl::Minutes(4)};
    REQUIRE(scene.director.RecordUsage(scene.now, {late}, &fx).ok());
  }
  CHECK(scene.Of("chat").p_5min > 0.7);
  CHECK(scene.Of("late").p_5min > 0.1);
  const double before = scene.Of("chat").p_5min;
  scene.now -= absl::Hours(1);
  CHECK(scene.Of("chat").p_5min == before);
}

TEST_CASE("Predict: the most probable come first, equals by name") {
  Scene scene;
  for (const char* id : {"c", "a", "b"}) scene.Add(id, 10);
  for (const char* id : {"c", "a", "b"}) scene.AnnounceBy(id);
  const auto models = scene.Ask({.max_models = 64});
  REQUIRE(models.size() == 3);
  CHECK(models[0].forecast.model == "a");
  CHECK(models[2].forecast.model == "c");
  CHECK(scene.Ask({.max_models = 2}).size() == 2);
}

TEST_CASE("Predict: it makes no difference to what is learned who asks") {
  Scene silent;
  Scene asked;
  for (Scene* scene : {&silent, &asked}) {
    for (const char* id : {"a", "b", "c"}) scene->Add(id, 40);
  }
  for (int i = 0; i < 200; ++i) {
    for (Scene* scene : {&silent, &asked}) {
      scene->now += absl::Seconds(7 + 13 * (i % 5));
      if (i % 4 == 0) scene->AnnounceBy("b", "bob");
      scene->Use(i % 3 == 0 ? "a" : "b", i % 2 == 0 ? "ann" : "bob");
      if (scene == &silent) continue;
      scene->Of("c");
      scene->Ask({.task = ModelType::kChat, .user = "bob"});
      scene->now += absl::Seconds(3);
      scene->Ask({});
      scene->now -= absl::Seconds(3);
    }
  }
  CHECK(asked.director.SaveForesight() == silent.director.SaveForesight());
}

}  // namespace
}  // namespace warmup
