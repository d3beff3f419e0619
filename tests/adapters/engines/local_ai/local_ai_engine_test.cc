#include "adapters/engines/local_ai/local_ai_engine.h"

#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/support/engine_calls.h"
#include "tests/support/eventually.h"
#include "tests/support/fake_local_ai.h"

namespace warmup {
namespace {

// A LocalAI with the models "a" and "b", the pipeline "p" of "vad" and "a", and
// the engine on it. (The engine goes first: it closes its connections.)
struct LocalAi {
  LocalAi()
      : engine(ClientOf(fake.endpoint()),
               {.on_skipped =
                    [this](std::string_view name, const absl::Status& why) {
                      skipped.emplace_back(name, why);
                    },
                .unload_timeout = absl::Milliseconds(300),
                .shown_within = absl::Milliseconds(100)}) {
    fake.Add("a");
    fake.Add("b");
    fake.Add("vad");
    fake.Add("p", {"vad", "a"});
  }

  FakeLocalAi fake;
  std::vector<std::pair<std::string, absl::Status>> skipped;
  LocalAiEngine engine;
};

void CheckNamed(const absl::Status& status, const FakeLocalAi& fake) {
  INFO(status.ToString());
  CHECK_FALSE(status.ok());
  CHECK_THAT(std::string(status.message()),
             Catch::Contains("engine \"e1\" at " + fake.endpoint() + ": "));
}

}  // namespace

TEST_CASE("LocalAiEngine: knows a LocalAI by what it answers") {
  FakeLocalAi fake;
  CHECK(*LocalAiEngine::Probe(*ClientOf(fake.endpoint())) == "v4.9.0");
  fake.Answer("/version", 404, "");
  CHECK(*LocalAiEngine::Probe(*ClientOf(fake.endpoint())) == "");
}

TEST_CASE("LocalAiEngine: refuses what is no LocalAI") {
  const auto [status, body] = GENERATE(table<int, std::string>({
      {404, "404 page not found"},
      {404, R"({"error":{"message":"File Not Found"}})"},
      {404, R"({"detail":"Not Found"})"},
      {200, R"({"error":"Unexpected endpoint or method. GET /system"})"},
      {200, R"({"system":"x86"})"},
      {200, "<html></html>"},
  }));
  CAPTURE(status, body);
  FakeLocalAi fake;
  fake.Answer("/system", status, body);
  const absl::Status error =
      LocalAiEngine::Probe(*ClientOf(fake.endpoint())).status();
  CHECK(absl::IsFailedPrecondition(error));
  CHECK(ReasonOf(error) == "NOT_LOCAL_AI");
  CheckNamed(error, fake);
  LocalAiEngine engine(ClientOf(fake.endpoint()), {});
  CHECK(ReasonOf(engine.Discover().status()) == "NOT_LOCAL_AI");
  CHECK(ReasonOf(engine.Look({}).status()) == "NOT_LOCAL_AI");
  CHECK(ReasonOf(Load(engine, "a").status()) == "NOT_LOCAL_AI");
}

TEST_CASE("LocalAiEngine: a wrong token is told, and never shown") {
  FakeLocalAi fake;
  fake.Add("a");
  fake.RequireToken("right");
  const auto wrong = ClientOf(fake.endpoint(), "wr0ng");
  const absl::Status status = LocalAiEngine::Probe(*wrong).status();
  CHECK(absl::IsUnavailable(status));
  CHECK(ReasonOf(status) == "ENGINE_REFUSES");
  CHECK_THAT(std::string(status.message()),
             Catch::Contains("token") && !Catch::Contains("wr0ng"));
  LocalAiEngine engine(ClientOf(fake.endpoint(), "right"), {});
  LoadOk(engine, "a");
  CHECK(LooksReady(engine, "a"));
}

TEST_CASE("LocalAiEngine: discovers and describes models") {
  LocalAi local;
  local.fake.Add("");
  CHECK(local.engine.info().version.empty());
  const auto specs = local.engine.Discover();
  INFO(specs.status().ToString());
  REQUIRE(specs.ok());
  REQUIRE(specs->size() == 4);
  CHECK(specs->at(0).id == "a");
  CHECK(specs->at(0).engine == "e1");
  CHECK(local.skipped.size() == 1);
  CHECK(local.engine.info().kind == "local-ai");
  CHECK(local.engine.info().version == "v4.9.0");

  const auto a = local.engine.Describe(SpecOf("a"));
  REQUIRE(a.ok());
  CHECK(a->size_bytes == FakeLocalAi::kFileBytes);
  CHECK(a->peak_bytes == FakeLocalAi::kReadyBytes);
  CHECK(a->context_length == 131'072);
  local.fake.Answer("/api/models/vram-estimate", 404, "{}");
  CHECK(local.engine.Describe(SpecOf("a"))->size_bytes == 0);
  CHECK(ReasonOf(local.engine.Describe(SpecOf("x")).status()) ==
        "MODEL_NOT_FOUND");
}

TEST_CASE("LocalAiEngine: loads by its own calls, never by Ollama's") {
  LocalAi local;
  LoadOk(local.engine, "a");
  CHECK(local.fake.IsLoaded("a"));
  CHECK(LooksReady(local.engine, "a"));
  CHECK_FALSE(LooksReady(local.engine, "b"));
  CHECK(local.fake.Bodies("/backend/load") ==
        std::vector<nlohmann::json>{{{"model", "a"}}});
  LoadOk(local.engine, "a");
  CHECK(local.fake.CallCount("/backend/load") == 1);
  UnloadOk(local.engine, "a");
  CHECK_FALSE(local.fake.IsLoaded("a"));
  UnloadOk(local.engine, "a");
  for (const char* path : {"/api/generate", "/api/ps", "/api/tags"}) {
    CHECK(local.fake.CallCount(path) == 0);
  }
}

TEST_CASE("LocalAiEngine: a cooldown says when to come again") {
  LocalAi local;
  local.fake.FailLoad("a", 500, R"({"message":"failed to load model: eof"})");
  absl::Duration retry = absl::Seconds(FakeLocalAi::kCooldownSeconds);
  SECTION("by its header") {}
  SECTION("in words, as the load's own answers tell it") {
    local.fake.TellCooldownsInWords();
    retry = absl::Seconds(10);
  }
  const absl::Status first = Load(local.engine, "a").status();
  CHECK(absl::IsFailedPrecondition(first));
  CHECK(ReasonOf(first) == "MODEL_DAMAGED");
  const absl::Status status = Load(local.engine, "a").status();
  CHECK(absl::IsUnavailable(status));
  CHECK(ReasonOf(status) == "ENGINE_BUSY");
  CHECK(GetErrorDetails(status).retry_after == retry);
  CHECK_THAT(std::string(status.message()), Catch::Contains("cooldown"));
  CheckNamed(status, local.fake);
  LoadOk(local.engine, "b");
}

TEST_CASE("LocalAiEngine: an unknown model is not asked for: that cools down") {
  LocalAi local;
  const absl::Status status = Load(local.engine, "x").status();
  CHECK(absl::IsNotFound(status));
  CHECK(ReasonOf(status) == "MODEL_NOT_FOUND");
  CHECK(local.fake.CallCount("/backend/load") == 0);
  UnloadOk(local.engine, "x");
  CHECK(local.fake.CallCount("/backend/shutdown") == 0);
}

TEST_CASE("LocalAiEngine: a failed load says what is the matter") {
  using enum absl::StatusCode;
  const auto [status, body, code, reason] =
      GENERATE(table<int, std::string, absl::StatusCode, std::string>({
          {500, R"({"message":"failed to load model: CUDA out of memory"})",
           kResourceExhausted, "MEMORY_SHORT"},
          {500, "", kFailedPrecondition, "MODEL_DAMAGED"},
          {503, "", kUnavailable, "ENGINE_BUSY"},
          {401, "{}", kUnavailable, "ENGINE_REFUSES"},
          {404, R"({"error":{"message":"Resource not found"}})", kUnavailable,
           "ENGINE_FAILED"},
          {502, "<html>", kUnavailable, "ENGINE_FAILED"},
          {302, "", kUnavailable, "ENGINE_REDIRECTS"},
      }));
  CAPTURE(status, body);
  LocalAi local;
  local.fake.FailLoad("b", status, body);
  const absl::Status error = Load(local.engine, "b").status();
  CheckNamed(error, local.fake);
  CHECK(error.code() == code);
  CHECK(ReasonOf(error) == reason);
  LoadOk(local.engine, "a");
}

TEST_CASE("LocalAiEngine: a success without a load is an error") {
  LocalAi local;
  SECTION("a lie") { local.fake.LieAboutLoads(true); }
  SECTION("a pipeline, whose parts are loaded in its stead") {
    local.fake.LoadByHand("vad");
  }
  const absl::Status status = Load(local.engine, "p").status();
  CHECK(absl::IsUnavailable(status));
  CHECK(ReasonOf(status) == "LOAD_NOT_CONFIRMED");
  CheckNamed(status, local.fake);
  // What was there before stays, and nothing else.
  CHECK_FALSE(local.fake.IsLoaded("a"));
  CHECK(local.fake.CallCount("/backend/shutdown") ==
        (local.fake.IsLoaded("vad") ? 1 : 0));
}

TEST_CASE("LocalAiEngine: what a cancelled load brings in late is given back") {
  LocalAi local;
  local.fake.HoldLoads(true);
  {
    BackgroundLoad load(local.engine, SpecOf("a"));
    local.fake.AwaitLoading("a");
    load.Cancel();
    CHECK(absl::IsCancelled(load.Result().status()));
  }
  SECTION("unless it is wanted again") {
    BackgroundLoad load(local.engine, SpecOf("a"));
    REQUIRE(
        Eventually([&] { return local.fake.CallCount("/backend/load") == 2; }));
    local.fake.HoldLoads(false);
    CHECK(load.Result().ok());
    CHECK(local.fake.CallCount("/backend/shutdown") == 0);
    CHECK(local.fake.IsLoaded("a"));
  }
  SECTION("after its answer, which does not start a cooldown") {
    CHECK_FALSE(LooksReady(local.engine, "a"));
    local.fake.HoldLoads(false);
    REQUIRE(Eventually(
        [&] { return local.fake.CallCount("/backend/shutdown") == 1; }));
    CHECK(Eventually([&] { return !local.fake.IsLoaded("a"); }));
    LoadOk(local.engine, "a");
  }
}

TEST_CASE("LocalAiEngine: an unload waits for the requests on the model") {
  LocalAi local;
  LoadOk(local.engine, "a");
  local.fake.BeginUse("a");
  const absl::Status status = local.engine.Unload(SpecOf("a"));
  CHECK(absl::IsFailedPrecondition(status));
  CHECK(ReasonOf(status) == "MEMORY_IN_USE");
  CheckNamed(status, local.fake);
  CHECK(local.fake.IsLoaded("a"));
  SECTION("LocalAI does so for long") {
    local.fake.EndUse("a");
    CHECK(Eventually([&] { return !local.fake.IsLoaded("a"); }));
    UnloadOk(local.engine, "a");
  }
  SECTION("and says so at last") {
    local.fake.Answer("/backend/shutdown", 500,
                      R"({"error":{"message":"model is still busy: a"}})");
    CHECK(ReasonOf(local.engine.Unload(SpecOf("a"))) == "MEMORY_IN_USE");
    local.fake.Answer("/backend/shutdown", 500, "");
    CHECK(ReasonOf(local.engine.Unload(SpecOf("a"))) == "ENGINE_FAILED");
    local.fake.Answer("/backend/shutdown", 200, "");
    CHECK(ReasonOf(local.engine.Unload(SpecOf("a"))) == "MEMORY_IN_USE");
    local.fake.EndUse("a");
  }
}

TEST_CASE("LocalAiEngine: what others load and unload is taken as it is") {
  LocalAi local;
  local.fake.LoadByHand("b");
  CHECK(LooksReady(local.engine, "b"));
  CHECK(LookAt(local.engine, "b").uses == 0);
  local.fake.UnloadByHand("b");
  CHECK_FALSE(LooksReady(local.engine, "b"));
  // It may have been a watchdog of its own.
  CHECK_FALSE(LookAt(local.engine, "b").was_unloaded);
  CHECK(local.fake.CallCount("/backend/load") == 0);
}

TEST_CASE("LocalAiEngine: a load that hangs ends when it is cancelled") {
  LocalAi local;
  const std::string path = GENERATE(as<std::string>{}, "/system", "/version",
                                    "/v1/models", "/backend/load");
  local.fake.Hang(path);
  BackgroundLoad load(local.engine, SpecOf("b"));
  REQUIRE(Eventually([&] { return local.fake.CallCount(path) > 0; }));
  load.Cancel();
  CHECK(absl::IsCancelled(load.Result().status()));
}

TEST_CASE("LocalAiEngine: one that is away is identified anew") {
  LocalAi local;
  LoadOk(local.engine, "b");
  local.fake.Answer("/system", 502, "");
  CHECK(absl::IsUnavailable(local.engine.Look({}).status()));
  local.fake.Answer("/system", 404, "");
  CHECK(ReasonOf(local.engine.Look({}).status()) == "NOT_LOCAL_AI");
  local.fake.Heal();
  CHECK(LooksReady(local.engine, "b"));
  local.fake.Answer("/system", 200, "{}");
  CHECK(ReasonOf(local.engine.Look({}).status()) == "ENGINE_ANSWER_UNREADABLE");
}

}  // namespace warmup
