#include "adapters/engines/lm_studio/lm_studio_engine.h"

#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/adapters/engines/lm_studio/samples.h"
#include "tests/support/engine_calls.h"
#include "tests/support/eventually.h"
#include "tests/support/fake_lm_studio.h"

namespace warmup {
namespace {

using Ids = std::set<std::string>;

// An LM Studio with the models "pub/a" and "b", the embedder "e", and the
// engine on it. (The engine goes first: it closes its connections.)
struct LmStudio {
  LmStudio()
      : engine(ClientOf(fake.endpoint()),
               {.on_skipped =
                    [this](std::string_view name, const absl::Status& why) {
                      skipped.emplace_back(name, why);
                    },
                .unload_timeout = absl::Seconds(1),
                .shown_within = absl::Milliseconds(100)}) {
    fake.Add("pub/a");
    fake.Add("b");
    fake.Add("e", "embedding");
  }

  FakeLmStudio fake;
  std::vector<std::pair<std::string, absl::Status>> skipped;
  LmStudioEngine engine;
};

void CheckNamed(const absl::Status& status, const FakeLmStudio& fake) {
  INFO(status.ToString());
  CHECK_FALSE(status.ok());
  CHECK_THAT(std::string(status.message()),
             Catch::Contains("engine \"e1\" at " + fake.endpoint() + ": "));
}

}  // namespace

TEST_CASE("LmStudioEngine: knows an LM Studio by what it answers") {
  FakeLmStudio fake;  // even without a model
  CHECK(*LmStudioEngine::Probe(*ClientOf(fake.endpoint())) == "");
  fake.Add("a");
  CHECK(*LmStudioEngine::Probe(*ClientOf(fake.endpoint())) == "");
}

TEST_CASE("LmStudioEngine: refuses what is no LM Studio, or too old") {
  const auto [status, body] = GENERATE(table<int, std::string>({
      {404, "404 page not found"},                         // Ollama, llama-swap
      {404, R"({"error":{"message":"File Not Found"}})"},  // llama-server
      {404, R"({"detail":"Not Found"})"},                  // vLLM
      {404, R"({"error":{"message":"Resource not found"}})"},  // LocalAI
      {200, R"({"object":"list","data":[{"id":"a"}]})"},       // Lemonade
      {200, lm_studio::kUnexpected},                           // LM Studio 0.3
      {200, R"({"models":[{"name":"a","digest":"x"}]})"},
      {200, "<html></html>"},
  }));
  CAPTURE(status, body);
  FakeLmStudio fake;
  fake.Answer("/api/v1/models", status, body);
  const absl::Status error =
      LmStudioEngine::Probe(*ClientOf(fake.endpoint())).status();
  CHECK(absl::IsFailedPrecondition(error));
  CHECK(ReasonOf(error) == "NOT_LM_STUDIO");
  CheckNamed(error, fake);
  LmStudioEngine engine(ClientOf(fake.endpoint()), {});
  CHECK(ReasonOf(engine.Discover().status()) == "NOT_LM_STUDIO");
  CHECK(ReasonOf(engine.Look({}).status()) == "NOT_LM_STUDIO");
  CHECK(ReasonOf(Load(engine, "a").status()) == "NOT_LM_STUDIO");
}

TEST_CASE("LmStudioEngine: a wrong token is told, and never shown") {
  FakeLmStudio fake;
  fake.Add("a");
  fake.RequireToken("right");
  const auto wrong = ClientOf(fake.endpoint(), "wr0ng");
  const absl::Status status = LmStudioEngine::Probe(*wrong).status();
  CHECK(absl::IsUnavailable(status));
  CHECK(ReasonOf(status) == "ENGINE_REFUSES");
  CHECK_THAT(std::string(status.message()),
             Catch::Contains("token") && !Catch::Contains("wr0ng"));
  LmStudioEngine engine(ClientOf(fake.endpoint(), "right"), {});
  LoadOk(engine, "a");
  CHECK(LooksReady(engine, "a"));
  fake.RequireToken("other");
  CHECK(ReasonOf(Load(engine, "a").status()) == "ENGINE_REFUSES");
  CHECK(ReasonOf(engine.Look({}).status()) == "ENGINE_REFUSES");
}

TEST_CASE("LmStudioEngine: discovers and describes models") {
  LmStudio studio;
  studio.fake.Add("");
  CHECK(studio.engine.info().id == "e1");
  CHECK(studio.engine.info().kind == "lm-studio");
  const auto specs = studio.engine.Discover();
  INFO(specs.status().ToString());
  REQUIRE(specs.ok());
  REQUIRE(specs->size() == 3);
  const ModelSpec& a = specs->at(2);
  CHECK(a.id == "pub/a");
  CHECK(a.engine == "e1");
  CHECK(a.source == "pub/a");
  CHECK(a.size_bytes == FakeLmStudio::kFileBytes);
  CHECK(a.format == "gguf");
  CHECK(a.architecture == "llama");
  CHECK(a.context_length == 131'072);
  CHECK(a.type == ModelType::kUnspecified);
  CHECK(specs->at(1).type == ModelType::kEmbedding);
  CHECK(studio.skipped.size() == 1);

  ModelSpec mine = SpecOf("pub/a");
  mine.size_bytes = 7;
  CHECK(studio.engine.Describe(mine)->size_bytes == 7);
  CHECK(ReasonOf(studio.engine.Describe(SpecOf("x")).status()) ==
        "MODEL_NOT_FOUND");
}

TEST_CASE("LmStudioEngine: a load sends no options") {
  LmStudio studio;
  const LoadResult result = LoadOk(studio.engine, "pub/a");
  CHECK(result.residency.tier == Tier::kReady);
  CHECK(result.residency.resident_bytes == FakeLmStudio::kFileBytes);
  CHECK(result.start == LoadStart::kUnknown);
  CHECK(studio.fake.Bodies("/api/v1/models/load") ==
        std::vector<nlohmann::json>{{{"model", "pub/a"}}});
  CHECK(LooksReady(studio.engine, "pub/a"));
  CHECK_FALSE(LooksReady(studio.engine, "b"));
  UnloadOk(studio.engine, "pub/a");
  CHECK(studio.fake.Instances("pub/a").empty());
  CHECK_FALSE(LookAt(studio.engine, "pub/a").was_unloaded);
}

TEST_CASE("LmStudioEngine: a loaded model gets no second instance") {
  LmStudio studio;
  studio.fake.LoadByHand("b");
  CHECK(LoadOk(studio.engine, "b").start == LoadStart::kReady);
  LoadOk(studio.engine, "pub/a");
  CHECK(LoadOk(studio.engine, "pub/a").start == LoadStart::kReady);
  CHECK(studio.fake.CallCount("/api/v1/models/load") == 1);
  CHECK(studio.fake.Instances("b") == Ids{"b"});
}

TEST_CASE("LmStudioEngine: an unload takes our instance before others'") {
  LmStudio studio;
  LoadOk(studio.engine, "b");
  studio.fake.LoadByHand("b");
  REQUIRE(studio.fake.Instances("b") == Ids{"b", "b:2"});
  CHECK(LookAt(studio.engine, "b").residency.resident_bytes ==
        2 * FakeLmStudio::kFileBytes);
  UnloadOk(studio.engine, "b");
  CHECK(studio.fake.Instances("b") == Ids{"b:2"});
  CHECK(LooksReady(studio.engine, "b"));
  SECTION("where none is ours, it takes all") {
    studio.fake.LoadByHand("b");
    UnloadOk(studio.engine, "b");
    CHECK(studio.fake.Instances("b").empty());
  }
  SECTION("one that somebody else unloads meanwhile is gone too") {
    studio.fake.Answer("/api/v1/models/unload", 404, "{}");
    studio.fake.KeepInstances();
    CHECK(ReasonOf(studio.engine.Unload(SpecOf("b"))) == "ENGINE_FAILED");
    studio.fake.UnloadByHand("b:2");
    UnloadOk(studio.engine, "b");
  }
}

TEST_CASE("LmStudioEngine: an unload that changes nothing is an error") {
  LmStudio studio;
  LoadOk(studio.engine, "b");
  studio.fake.KeepInstances();
  const absl::Status status = studio.engine.Unload(SpecOf("b"));
  CHECK(absl::IsFailedPrecondition(status));
  CHECK(ReasonOf(status) == "MEMORY_IN_USE");
  CheckNamed(status, studio.fake);
}

TEST_CASE("LmStudioEngine: tells when its user unloads what we loaded") {
  LmStudio studio;
  LoadOk(studio.engine, "b");
  LoadOk(studio.engine, "pub/a");
  SECTION("one") {
    studio.fake.UnloadByHand("b");
    CHECK(LookAt(studio.engine, "b").was_unloaded);
    CHECK_FALSE(LookAt(studio.engine, "b").was_unloaded);  // once
    CHECK_FALSE(LookAt(studio.engine, "pub/a").was_unloaded);
  }
  SECTION("all at once: a restart") {
    studio.fake.Restart();
    CHECK_FALSE(LookAt(studio.engine, "b").was_unloaded);
    CHECK_FALSE(LookAt(studio.engine, "pub/a").was_unloaded);
  }
}

TEST_CASE(
    "LmStudioEngine: what a cancelled load brings in late is given back") {
  LmStudio studio;
  studio.fake.HoldLoads(true);
  {
    BackgroundLoad load(studio.engine, SpecOf("b"));
    studio.fake.AwaitLoading("b");
    load.Cancel();
    const absl::Status status = load.Result().status();
    CHECK(absl::IsCancelled(status));
    CheckNamed(status, studio.fake);
  }
  // Its user's own load of the model meanwhile stays.
  studio.fake.LoadByHand("b");
  studio.fake.HoldLoads(false);
  REQUIRE(Eventually(
      [&] { return studio.fake.CallCount("/api/v1/models/unload") == 1; }));
  CHECK(studio.fake.Bodies("/api/v1/models/unload") ==
        std::vector<nlohmann::json>{{{"instance_id", "b:2"}}});
  REQUIRE(Eventually([&] { return studio.fake.Instances("b") == Ids{"b"}; }));
}

TEST_CASE("LmStudioEngine: goes although a load of it is under way") {
  FakeLmStudio fake;
  fake.Add("b");
  fake.HoldLoads(true);
  {
    LmStudioEngine engine(ClientOf(fake.endpoint()), {});
    BackgroundLoad load(engine, SpecOf("b"));
    fake.AwaitLoading("b");
  }
  SUCCEED();
}

TEST_CASE("LmStudioEngine: a failed load says what is the matter") {
  using enum absl::StatusCode;
  const auto [status, body, code, reason] =
      GENERATE(table<int, std::string, absl::StatusCode, std::string>({
          {500, R"({"error":{"message":"Failed to load model. Exit 9"}})",
           kFailedPrecondition, "MODEL_DAMAGED"},
          {500, R"({"error":{"message":"Failed to load: out of memory"}})",
           kResourceExhausted, "MEMORY_SHORT"},
          {400, R"({"error":{"message":"insufficient system memory"}})",
           kResourceExhausted, "MEMORY_SHORT"},
          {200, lm_studio::kUnexpected, kUnavailable, "ENGINE_FAILED"},
          {200, "{}", kUnavailable, "ENGINE_ANSWER_UNREADABLE"},
          {200, "<html>", kUnavailable, "ENGINE_ANSWER_UNREADABLE"},
          {503, "", kUnavailable, "ENGINE_BUSY"},
          {401, "{}", kUnavailable, "ENGINE_REFUSES"},
          {404, "{}", kUnavailable, "ENGINE_FAILED"},
          {302, "", kUnavailable, "ENGINE_REDIRECTS"},
      }));
  CAPTURE(status, body);
  LmStudio studio;
  studio.fake.FailLoad("b", status, body);
  const absl::Status error = Load(studio.engine, "b").status();
  CheckNamed(error, studio.fake);
  CHECK(error.code() == code);
  CHECK(ReasonOf(error) == reason);
  // Everything else goes on.
  LoadOk(studio.engine, "pub/a");
}

TEST_CASE("LmStudioEngine: a success without a load is an error") {
  LmStudio studio;
  studio.fake.LieAboutLoads(true);
  const absl::Status status = Load(studio.engine, "b").status();
  CHECK(absl::IsUnavailable(status));
  CHECK(ReasonOf(status) == "LOAD_NOT_CONFIRMED");
  CheckNamed(status, studio.fake);
}

TEST_CASE("LmStudioEngine: an unknown model is not asked for") {
  LmStudio studio;
  const absl::Status status = Load(studio.engine, "x").status();
  CHECK(absl::IsNotFound(status));
  CHECK(ReasonOf(status) == "MODEL_NOT_FOUND");
  CHECK(studio.fake.CallCount("/api/v1/models/load") == 0);
  UnloadOk(studio.engine, "x");
}

TEST_CASE("LmStudioEngine: a load that hangs ends when it is cancelled") {
  LmStudio studio;
  const std::string path =
      GENERATE(as<std::string>{}, "/api/v1/models", "/api/v1/models/load");
  studio.fake.Hang(path);
  BackgroundLoad load(studio.engine, SpecOf("b"));
  REQUIRE(Eventually([&] { return studio.fake.CallCount(path) > 0; }));
  load.Cancel();
  CHECK(absl::IsCancelled(load.Result().status()));
}

TEST_CASE("LmStudioEngine: one that is away is identified anew") {
  LmStudio studio;
  LoadOk(studio.engine, "b");
  studio.fake.Answer("/api/v1/models", 502, "");
  CHECK(absl::IsUnavailable(studio.engine.Look({}).status()));
  studio.fake.Answer("/api/v1/models", 404, "");
  CHECK(ReasonOf(studio.engine.Look({}).status()) == "NOT_LM_STUDIO");
  studio.fake.Heal();
  CHECK(LooksReady(studio.engine, "b"));
  studio.fake.CutAnswers("/api/v1/models");
  CHECK(ReasonOf(studio.engine.Look({}).status()) == "ENGINE_ANSWER_CUT");
}

}  // namespace warmup
