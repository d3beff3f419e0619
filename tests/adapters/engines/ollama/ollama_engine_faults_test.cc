// An Ollama that fails, lies, hangs or answers something else.

#include <string>
#include <tuple>

#include "tests/adapters/engines/ollama/ollama_fixture.h"
#include "tests/support/eventually.h"

namespace warmup {
namespace {

// Every error names the engine and its endpoint.
void CheckNamed(const absl::Status& status, const FakeOllama& fake) {
  INFO(status.ToString());
  CHECK_FALSE(status.ok());
  CHECK_THAT(std::string(status.message()),
             Catch::Contains("engine \"ollama\" at " + fake.endpoint() + ": "));
}

}  // namespace

TEST_CASE("OllamaEngine: a success without a load is an error") {
  Ollama ollama;
  ollama.fake.LieAboutLoads();
  const absl::Status status = ollama.Load("a:latest").status();
  CHECK(absl::IsUnavailable(status));
  CHECK(ReasonOf(status) == "LOAD_NOT_CONFIRMED");
  CheckNamed(status, ollama.fake);
}

TEST_CASE("OllamaEngine: an unknown model is NOT_FOUND") {
  Ollama ollama;
  const absl::Status status = ollama.Load("nobody").status();
  CHECK(absl::IsNotFound(status));
  CheckNamed(status, ollama.fake);
  CHECK(GetErrorDetails(status).metadata.at("model") == "nobody");
}

TEST_CASE("OllamaEngine: a failed load says what is the matter") {
  using enum absl::StatusCode;
  const auto [status, body, code, reason] =
      GENERATE(table<int, std::string, absl::StatusCode, std::string>({
          {500, "", kFailedPrecondition, "MODEL_DAMAGED"},
          {500, R"({"error":"unable to load model: /x"})", kFailedPrecondition,
           "MODEL_DAMAGED"},
          {500, R"({"error":"tensor \"a\" offset+size (2) exceeds file size"})",
           kFailedPrecondition, "MODEL_DAMAGED"},
          {500, R"({"error":"unexpected EOF"})", kFailedPrecondition,
           "MODEL_DAMAGED"},
          {500, R"({"error":"invalid file magic"})", kFailedPrecondition,
           "MODEL_DAMAGED"},
          {500,
           R"({"error":"llama runner process has terminated: error loading )"
           R"(model: missing tensor"})",
           kFailedPrecondition, "MODEL_DAMAGED"},
          {500,
           R"({"error":"error loading model: unable to allocate CPU buffer"})",
           kResourceExhausted, "MEMORY_SHORT"},
          {400, R"({"error":"invalid model"})", kFailedPrecondition,
           "MODEL_DAMAGED"},
          {500, R"({"error":"model requires more system memory: needs 9 GiB"})",
           kResourceExhausted, "MEMORY_SHORT"},
          {500, R"({"error":"llama runner process has terminated"})",
           kUnavailable, "ENGINE_FAILED"},
          {503, R"({"error":"server busy, please try again"})", kUnavailable,
           "ENGINE_BUSY"},
          {401, "{}", kUnavailable, "ENGINE_REFUSES"},
          {404, "404 page not found", kUnavailable, "ENGINE_FAILED"},
          {502, "<html>", kUnavailable, "ENGINE_FAILED"},
          {200, R"({"error":"late"})", kUnavailable, "ENGINE_FAILED"},
          {302, "", kUnavailable, "ENGINE_REDIRECTS"},
      }));
  CAPTURE(status, body);
  Ollama ollama;
  ollama.fake.FailLoad("a:latest", status, body);
  const absl::Status error = ollama.Load("a:latest").status();
  CheckNamed(error, ollama.fake);
  CHECK(error.code() == code);
  CHECK(ReasonOf(error) == reason);
  CHECK(GetErrorDetails(error).retry_after.has_value() ==
        (reason == "ENGINE_BUSY"));
  // Everything else goes on.
  ollama.LoadOk("b:latest");
}

TEST_CASE("OllamaEngine: a model whose file is missing is damaged") {
  Ollama ollama;
  ollama.fake.FailLoad("a:latest", 400,
                       R"({"error":"\"a\" does not support generate"})");
  const absl::Status status = ollama.Load("a:latest").status();
  CHECK(absl::IsFailedPrecondition(status));
  CHECK(ReasonOf(status) == "MODEL_DAMAGED");
}

TEST_CASE("OllamaEngine: nobody is there") {
  Ollama ollama;
  ollama.fake.Stop();
  TestControl control;
  const ModelSpec spec = Ollama::Spec("a:latest");
  for (const absl::Status& status :
       {ollama.engine.Discover().status(),
        ollama.engine.Describe(spec).status(),
        ollama.engine.Load(spec, control).status(), ollama.engine.Unload(spec),
        ollama.engine.Look({spec}).status()}) {
    CHECK(absl::IsUnavailable(status));
    CHECK(ReasonOf(status) == "ENGINE_UNAVAILABLE");
    CheckNamed(status, ollama.fake);
  }
}

TEST_CASE("OllamaEngine: a look at an engine that hangs ends") {
  Ollama ollama;
  ollama.fake.Hang("/api/ps");
  const absl::Status status =
      ollama.engine.Look({Ollama::Spec("a:latest")}).status();
  CHECK(absl::IsDeadlineExceeded(status));
  CheckNamed(status, ollama.fake);
}

TEST_CASE("OllamaEngine: a load that hangs ends when it is cancelled") {
  Ollama ollama;
  const std::string path =
      GENERATE(as<std::string>{}, "/api/tags", "/api/ps", "/api/generate");
  ollama.fake.Hang(path);
  BackgroundLoad load(ollama.engine, "a:latest");
  REQUIRE(Eventually([&] { return ollama.fake.CallCount(path) > 0; }));
  load.Cancel();
  CHECK(absl::IsCancelled(load.Result().status()));
}

TEST_CASE("OllamaEngine: answers that are none are errors, and pass") {
  Ollama ollama;
  const std::string path =
      GENERATE(as<std::string>{}, "/api/tags", "/api/ps", "/api/show");
  CAPTURE(path);
  std::string reason = "ENGINE_ANSWER_UNREADABLE";
  SECTION("garbage") { ollama.fake.Answer(path, 200, "\xff\xfe{"); }
  SECTION("another server's JSON") { ollama.fake.Answer(path, 200, "[1]"); }
  SECTION("cut in the middle") {
    ollama.fake.CutAnswers(path);
    reason = "ENGINE_ANSWER_CUT";
  }
  SECTION("without end") {
    ollama.fake.AnswerWithoutEnd(path);
    reason = "ENGINE_ANSWER_TOO_LONG";
  }
  SECTION("elsewhere") {
    ollama.fake.Answer(path, 307, "", "http://example.com/");
    reason = "ENGINE_REDIRECTS";
  }
  const ModelSpec spec = Ollama::Spec("a:latest");
  const absl::Status status = path == "/api/ps"
                                  ? ollama.engine.Look({spec}).status()
                                  : ollama.engine.Describe(spec).status();
  CheckNamed(status, ollama.fake);
  CHECK(absl::IsUnavailable(status));
  CHECK(ReasonOf(status) == reason);
  ollama.fake.Heal();
  CHECK(ollama.engine.Describe(spec).ok());
  CHECK(ollama.engine.Look({spec}).ok());
}

TEST_CASE("OllamaEngine: an engine that dies during a load is UNAVAILABLE") {
  Ollama ollama;
  ollama.fake.HoldLoads(true);
  BackgroundLoad load(ollama.engine, "a:latest");
  ollama.fake.AwaitLoading("a:latest");
  ollama.fake.Stop();
  const absl::Status status = load.Result().status();
  CHECK(absl::IsUnavailable(status));
  CheckNamed(status, ollama.fake);
}

}  // namespace warmup
