// A llama-swap that fails, lies, hangs or answers something else.

#include <string>
#include <tuple>

#include "tests/adapters/engines/llama_swap/llama_swap_fixture.h"

namespace warmup {
namespace {

// Every error names the engine and its endpoint.
void CheckNamed(const absl::Status& status, const FakeLlamaSwap& fake) {
  INFO(status.ToString());
  CHECK_FALSE(status.ok());
  CHECK_THAT(std::string(status.message()),
             Catch::Contains("engine \"swap\" at " + fake.endpoint() + ": "));
}

}  // namespace

TEST_CASE("LlamaSwapEngine: a success without a load is an error") {
  LlamaSwap swap;
  swap.fake.LieAboutLoads();
  const absl::Status status = swap.Load("a").status();
  CHECK(absl::IsUnavailable(status));
  CHECK(ReasonOf(status) == "LOAD_NOT_CONFIRMED");
  CheckNamed(status, swap.fake);
}

TEST_CASE("LlamaSwapEngine: an unknown model is NOT_FOUND") {
  LlamaSwap swap;
  const absl::Status status = swap.Load("nobody").status();
  CHECK(absl::IsNotFound(status));
  CHECK(ReasonOf(status) == "MODEL_NOT_FOUND");
  CHECK(GetErrorDetails(status).metadata.at("model") == "nobody");
  CheckNamed(status, swap.fake);
  CHECK(swap.Unload("nobody").ok());
}

TEST_CASE("LlamaSwapEngine: a failed load says what is the matter") {
  using enum absl::StatusCode;
  const auto [words, code, reason] =
      GENERATE(table<std::string, absl::StatusCode, std::string>({
          {"upstream command exited prematurely", kFailedPrecondition,
           "MODEL_DAMAGED"},
          {"failed to start command 'nope': no such file", kFailedPrecondition,
           "MODEL_DAMAGED"},
          {"CUDA error: out of memory", kResourceExhausted, "MEMORY_SHORT"},
          {"health check timed out after 2m0s", kUnavailable, "ENGINE_FAILED"},
      }));
  CAPTURE(words);
  LlamaSwap swap;
  swap.fake.FailLoad("a", words);
  const absl::Status status = swap.Load("a").status();
  CHECK(status.code() == code);
  CHECK(ReasonOf(status) == reason);
  CHECK_THAT(std::string(status.message()), Catch::Contains(words));
  CheckNamed(status, swap.fake);
  CHECK(swap.fake.StateOf("a") == "stopped");
  CHECK(swap.fake.CallCount("/api/models/unload/a") == 0);
}

TEST_CASE("LlamaSwapEngine: other refusals of a load have their reasons") {
  const auto [status, reason] = GENERATE(table<int, std::string>({
      {401, "ENGINE_REFUSES"},
      {403, "ENGINE_REFUSES"},
      {409, "ENGINE_REFUSES"},
      {429, "ENGINE_BUSY"},
      {503, "ENGINE_BUSY"},
      {500, "ENGINE_FAILED"},
      {502, "ENGINE_FAILED"},
      {302, "ENGINE_REDIRECTS"},
  }));
  CAPTURE(status);
  LlamaSwap swap;
  swap.fake.Answer("/upstream/a/health", status, "not JSON", "http://x/");
  const absl::Status error = swap.Load("a").status();
  CHECK(absl::IsUnavailable(error));
  CHECK(ReasonOf(error) == reason);
  CheckNamed(error, swap.fake);
}

TEST_CASE("LlamaSwapEngine: an unload that fails says so") {
  LlamaSwap swap;
  swap.LoadOk("a");
  swap.fake.Answer("/api/models/unload/a", 500, "");
  const absl::Status status = swap.Unload("a");
  CHECK(absl::IsUnavailable(status));
  CheckNamed(status, swap.fake);
  // Or does not say so, and it is there nevertheless.
  swap.fake.Answer("/api/models/unload/a", 200, "OK");
  CHECK(ReasonOf(swap.Unload("a")) == "MEMORY_IN_USE");
  CHECK(swap.fake.IsLoaded("a"));
}

TEST_CASE("LlamaSwapEngine: a wrong token is told") {
  LlamaSwap swap;
  const std::string refusal =
      R"({"src":"llama-swap","error":{"message":"unauthorized: invalid key"}})";
  swap.fake.Answer(FakeHttp::kEveryPath, 401, refusal);
  const auto http = ClientOf(swap.fake.endpoint());
  for (const absl::Status& status :
       {LlamaSwapEngine::Probe(*http).status(), swap.engine->Look({}).status(),
        swap.Load("a").status(), swap.Unload("a"),
        swap.engine->Describe(LlamaSwap::Spec("a")).status()}) {
    CHECK(absl::IsUnavailable(status));
    CHECK(ReasonOf(status) == "ENGINE_REFUSES");
    CHECK_THAT(std::string(status.message()), Catch::Contains("invalid key"));
    CheckNamed(status, swap.fake);
  }
}

TEST_CASE("LlamaSwapEngine: answers of no sense are errors, and pass") {
  LlamaSwap swap;
  swap.LoadOk("a");
  REQUIRE(swap.IsReady("a"));
  const int fault = GENERATE(0, 1, 2, 3);
  if (fault == 0) swap.fake.Answer("/running", 200, "\xff\xfe{");
  if (fault == 1) swap.fake.CutAnswers("/running");
  if (fault == 2) swap.fake.AnswerWithoutEnd("/running");
  if (fault == 3) swap.fake.Answer("/running", 500, "");
  for (const absl::Status& status :
       {swap.engine->Look({LlamaSwap::Spec("a")}).status(), swap.Unload("a"),
        swap.Load("b").status()}) {
    CHECK(absl::IsUnavailable(status));
    CheckNamed(status, swap.fake);
  }
  swap.fake.Heal();
  CHECK(swap.IsReady("a"));
  CHECK(swap.fake.StateOf("b") == "stopped");
}

TEST_CASE("LlamaSwapEngine: when another server is there, it says so") {
  LlamaSwap swap;
  CHECK(swap.engine->Look({}).ok());
  swap.fake.Answer(FakeHttp::kEveryPath, 404, "404 page not found");
  CHECK(absl::IsUnavailable(swap.engine->Look({}).status()));
  CHECK(ReasonOf(swap.engine->Look({}).status()) == "NOT_LLAMA_SWAP");
  swap.fake.Heal();
  CHECK(swap.engine->Look({}).ok());
}

TEST_CASE("LlamaSwapEngine: when it dies during a load, the load fails") {
  LlamaSwap swap;
  swap.fake.HoldLoads(true);
  BackgroundLoad load(*swap.engine, LlamaSwap::Spec("a"));
  swap.fake.AwaitWaiting("a", 1);
  swap.fake.Stop();
  const absl::Status status = load.Result().status();
  CHECK(absl::IsUnavailable(status));
  CheckNamed(status, swap.fake);
  swap.fake.ForgetAll();
  swap.fake.HoldLoads(false);
  swap.fake.StartAgain();
  swap.LoadOk("a");
}

TEST_CASE("LlamaSwapEngine: one that hangs is left in time") {
  LlamaSwap swap;
  swap.LoadOk("a");
  REQUIRE(swap.IsReady("a"));
  swap.fake.Hang(FakeHttp::kEveryPath);
  CHECK(absl::IsDeadlineExceeded(swap.engine->Look({}).status()));
  BackgroundLoad load(*swap.engine, LlamaSwap::Spec("b"));
  CHECK(Eventually([&] { return swap.fake.CallCount("/running") > 1; }));
  load.Cancel();
  CHECK(absl::IsCancelled(load.Result().status()));
  swap.fake.Heal();
  CHECK(swap.IsReady("a"));
}

}  // namespace warmup
