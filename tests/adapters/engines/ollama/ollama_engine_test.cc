// What the engine finds and describes.

#include "adapters/engines/ollama/ollama_engine.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/limits.h"
#include "tests/adapters/engines/ollama/ollama_fixture.h"

namespace warmup {

TEST_CASE("OllamaEngine: knows an Ollama by what it answers") {
  const FakeOllama fake;
  const auto client = ClientOf(fake.endpoint());
  const auto version = OllamaEngine::Probe(*client);
  INFO(version.status().ToString());
  REQUIRE(version.ok());
  CHECK(*version == "0.17.4");
}

TEST_CASE("OllamaEngine: refuses what only looks like an Ollama") {
  FakeOllama fake;
  std::string why;
  SECTION("LocalAI, which says that it loads and does not") {
    fake.Answer("/system", 200, R"({"backends":[],"loaded_models":[]})");
    why = "LocalAI";
  }
  SECTION("a server without a version") {
    fake.Answer("/api/version", 404, "not found");
    why = "status 404";
  }
  SECTION("a server that answers everything with a page") {
    fake.Answer("/api/version", 200, "<html></html>");
    why = "not JSON";
  }
  const auto client = ClientOf(fake.endpoint());
  const absl::Status status = OllamaEngine::Probe(*client).status();
  CHECK(absl::IsFailedPrecondition(status));
  CHECK(ReasonOf(status) == "NOT_OLLAMA");
  CHECK_THAT(std::string(status.message()), Catch::Contains(why));
  OllamaEngine engine(ClientOf(fake.endpoint()), {});
  CHECK(ReasonOf(engine.Discover().status()) == "NOT_OLLAMA");
  CHECK(ReasonOf(engine.Look({}).status()) == "NOT_OLLAMA");
}

TEST_CASE("OllamaEngine: says when the token is wrong, and never shows it") {
  FakeOllama fake;
  fake.Answer("/api/version", 401, R"({"error":"unauthorized"})");
  const auto client = ClientOf(fake.endpoint(), "s3cret");
  const absl::Status status = OllamaEngine::Probe(*client).status();
  CHECK(absl::IsUnavailable(status));
  CHECK(ReasonOf(status) == "ENGINE_REFUSES");
  CHECK_THAT(std::string(status.message()),
             Catch::Contains("unauthorized") && !Catch::Contains("s3cret"));
  CHECK(fake.Authorization() == "Bearer s3cret");
}

TEST_CASE("OllamaEngine: discovers the models that run here") {
  Ollama ollama;
  ollama.fake.Add({.name = "far:cloud", .remote_host = "https://ollama.com"});
  CHECK(ollama.engine.info().kind == "ollama");
  CHECK(ollama.engine.info().endpoint == ollama.fake.endpoint());
  const auto specs = ollama.engine.Discover();
  INFO(specs.status().ToString());
  REQUIRE(specs.ok());
  REQUIRE(specs->size() == 3);
  const ModelSpec& a = specs->at(0);
  CHECK(a.id == "a:latest");
  CHECK(a.engine == "ollama");
  CHECK(a.source == "a:latest");
  CHECK(a.size_bytes == FakeOllama::kFileBytes);
  CHECK(a.format == "gguf");
  CHECK(a.architecture == "llama");
  CHECK(a.type == ModelType::kUnspecified);
  CHECK(specs->at(2).id == "e:latest");
  CHECK(specs->at(2).type == ModelType::kEmbedding);
  REQUIRE(ollama.skipped.size() == 1);
  CHECK(ollama.skipped[0].first == "far:cloud");
}

TEST_CASE("OllamaEngine: passes over names that are no ids, saying why") {
  Ollama ollama;
  const std::vector<std::string> bad = {
      "with space", "na\u00efve", "tab\there", "",
      std::string(limits::kMaxIdBytes + 1, 'x')};
  for (const std::string& name : bad) ollama.fake.AddNamed(name);
  ollama.fake.AddNamed("org/model-\"quoted\":7b");
  const auto specs = ollama.engine.Discover();
  REQUIRE(specs.ok());
  CHECK(specs->size() == 4);
  CHECK(ollama.skipped.size() == bad.size());
  for (const auto& [name, why] : ollama.skipped) {
    CHECK(absl::IsInvalidArgument(why));
  }
}

TEST_CASE("OllamaEngine: discovers 5,000 models") {
  Ollama ollama;
  for (int i = 0; i < 5'000; ++i) {
    ollama.fake.AddNamed(absl::StrCat("org/model-", i, ":7b-instruct-q4_K_M"));
  }
  const auto specs = ollama.engine.Discover();
  INFO(specs.status().ToString());
  REQUIRE(specs.ok());
  CHECK(specs->size() == 5'003);
  CHECK(ollama.engine.Look(*specs)->size() == 5'003);
}

TEST_CASE("OllamaEngine: describes a model with the memory that it will need") {
  Ollama ollama;
  ModelSpec spec = Ollama::Spec("a");
  const auto described = ollama.engine.Describe(spec);
  INFO(described.status().ToString());
  REQUIRE(described.ok());
  CHECK(described->size_bytes == FakeOllama::kFileBytes);
  // The context that its Modelfile asks for, not the most that it can.
  CHECK(described->peak_bytes ==
        FakeOllama::kFileBytes + int64_t{2} * 32 * 8 * 128 * 8'192 * 2);
  CHECK(described->context_length == 131'072);
  CHECK(described->format == "gguf");
  CHECK(described->architecture == "llama");
  CHECK(described->labels.at("parameters") == "7000000000");
  CHECK(ollama.engine.Describe(Ollama::Spec("e"))->type ==
        ModelType::kEmbedding);
  // Its owner knows better.
  spec.type = ModelType::kChat;
  spec.context_length = 4'096;
  CHECK(ollama.engine.Describe(spec)->type == ModelType::kChat);
  CHECK(ollama.engine.Describe(spec)->context_length == 4'096);
  // Which asks for the whole list once, not for each model.
  CHECK(ollama.fake.CallCount("/api/tags") == 1);
}

TEST_CASE("OllamaEngine: does not describe what it does not know") {
  Ollama ollama;
  const absl::Status status =
      ollama.engine.Describe(Ollama::Spec("nobody")).status();
  CHECK(absl::IsNotFound(status));
  CHECK(ReasonOf(status) == "MODEL_NOT_FOUND");
  CHECK_THAT(std::string(status.message()),
             Catch::Contains("ollama") && Catch::Contains("nobody") &&
                 Catch::Contains(ollama.fake.endpoint()));
}

}  // namespace warmup
