// What the engine finds and describes.

#include "adapters/engines/llama_server/llama_server_engine.h"

#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/limits.h"
#include "tests/adapters/engines/llama_server/llama_server_fixture.h"
#include "tests/support/temp_folder.h"

namespace warmup {

TEST_CASE("LlamaServerEngine: knows a llama-server by what it answers") {
  const FakeLlamaServer router;
  FakeLlamaServer single("m");
  CHECK(*LlamaServerEngine::Probe(*ClientOf(router.endpoint())) ==
        "b11434-unknown");
  CHECK(*LlamaServerEngine::Probe(*ClientOf(single.endpoint())) ==
        "b11434-unknown");
  single.SetLoading(true);
  CHECK(LlamaServerEngine::Probe(*ClientOf(single.endpoint()))->empty());
}

TEST_CASE("LlamaServerEngine: refuses what is no llama-server") {
  FakeLlamaServer fake;
  const auto [status, body,
              why] = GENERATE(table<int, std::string, std::string>({
      {404, "404 page not found", "status 404"},  // Ollama, llama-swap
      {200, R"({"error":"Unexpected endpoint"})", "build_info"},  // LM Studio
      {404, R"({"detail":"Not Found"})", "status 404"},           // vLLM
      {200, "<html></html>", "not JSON"},
      {200, R"({"chat_template":"","total_slots":1})", "build_info"},
      {503, R"({"error":"warming up"})", "status 503"},
  }));
  fake.Answer("/props", status, body);
  const absl::Status refused =
      LlamaServerEngine::Probe(*ClientOf(fake.endpoint())).status();
  CHECK(absl::IsFailedPrecondition(refused));
  CHECK(ReasonOf(refused) == "NOT_LLAMA_SERVER");
  CHECK_THAT(std::string(refused.message()), Catch::Contains(why));
  EngineOn on(fake.endpoint());
  CHECK(ReasonOf(on.engine.Discover().status()) == "NOT_LLAMA_SERVER");
  CHECK(ReasonOf(on.engine.Look({}).status()) == "NOT_LLAMA_SERVER");
  CHECK(ReasonOf(on.Load("a").status()) == "NOT_LLAMA_SERVER");
  CHECK(ReasonOf(on.Unload("a")) == "NOT_LLAMA_SERVER");
  CHECK(fake.CallCount("/models/load") == 0);
}

TEST_CASE("LlamaServerEngine: says when the key is wrong, and never shows it") {
  FakeLlamaServer fake;
  fake.Answer("/props", 401, R"({"error":{"message":"Invalid API Key"}})");
  const auto client = ClientOf(fake.endpoint(), "s3cret");
  const absl::Status status = LlamaServerEngine::Probe(*client).status();
  CHECK(absl::IsUnavailable(status));
  CHECK(ReasonOf(status) == "ENGINE_REFUSES");
  CHECK_THAT(std::string(status.message()),
             Catch::Contains("Invalid API Key") && !Catch::Contains("s3cret"));
  CHECK(fake.Authorization() == "Bearer s3cret");
}

TEST_CASE("LlamaServerEngine: tells its role, version and abilities") {
  Router router;
  CHECK(router.on.engine.info().kind == "llama-server");
  CHECK(router.on.engine.info().version.empty());
  router.on.LookAt("a");
  const EngineInfo info = router.on.engine.info();
  CHECK(info.version == "b11434-unknown");
  CHECK(info.endpoint == router.fake.endpoint());
  CHECK(info.max_models == 4);
  CHECK(info.abilities == EngineAbilities{.can_load = true,
                                          .can_unload = true,
                                          .shows_use = true,
                                          .shows_memory = true});
}

TEST_CASE("LlamaServerEngine: discovers a router's models, loading none") {
  Router router;
  const auto specs = router.on.engine.Discover();
  INFO(specs.status().ToString());
  REQUIRE(specs.ok());
  REQUIRE(specs->size() == 4);
  CHECK(specs->at(0).id == "a");
  CHECK(specs->at(0).engine == "llama");
  CHECK(specs->at(0).source == "a");
  CHECK(specs->at(0).format == "gguf");
  CHECK(specs->at(0).size_bytes == 0);
  CHECK(specs->at(2).id == "e");
  CHECK(specs->at(2).type == ModelType::kEmbedding);
  CHECK(router.fake.AutoloadCount() == 0);
}

TEST_CASE("LlamaServerEngine: passes over names that are no ids, saying why") {
  Router router;
  const std::vector<std::string> bad = {
      "with space", "na\u00efve", "tab\there",
      std::string(limits::kMaxIdBytes + 1, 'x')};
  for (const std::string& name : bad) router.fake.AddNamed(name);
  router.fake.AddNamed("org/model-\"quoted\":7b");
  const auto specs = router.on.engine.Discover();
  REQUIRE(specs.ok());
  CHECK(specs->size() == 5);
  CHECK(router.on.skipped.size() == bad.size());
  for (const auto& [name, why] : router.on.skipped) {
    CHECK(absl::IsInvalidArgument(why));
  }
}

TEST_CASE("LlamaServerEngine: discovers and looks at 5,000 models") {
  Router router;
  for (int i = 0; i < 5'000; ++i) {
    router.fake.AddNamed(absl::StrCat("org/model-", i, ":7b-instruct-q4_K_M"));
  }
  const auto specs = router.on.engine.Discover();
  INFO(specs.status().ToString());
  REQUIRE(specs.ok());
  CHECK(specs->size() == 5'004);
  CHECK(router.on.engine.Look(*specs)->size() == 5'004);
}

TEST_CASE("LlamaServerEngine: describes a model by its file") {
  const TempFolder folder;
  const std::string path = folder.File("raw.gguf");
  std::ofstream(path) << std::string(5'000, 'x');
  Router router;
  router.fake.Add({.name = "here", .path = path});
  const auto here = router.on.engine.Describe(SpecOf("here"));
  INFO(here.status().ToString());
  REQUIRE(here.ok());
  CHECK(here->size_bytes == 5'000);
  // Of what is elsewhere, what the server tells of a loaded one.
  CHECK(router.on.engine.Describe(SpecOf("a"))->size_bytes == 0);
  router.fake.LoadByHand("a");
  const auto loaded = router.on.engine.Describe(SpecOf("a"));
  CHECK(loaded->size_bytes == FakeLlamaServer::kWeightBytes);
  CHECK(loaded->context_length == 32'768);
  CHECK(loaded->format == "gguf");
  CHECK(router.on.engine.Describe(SpecOf("embed"))->type ==
        ModelType::kEmbedding);
  // Its owner knows better.
  ModelSpec spec = SpecOf("e");
  spec.type = ModelType::kRerank;
  spec.context_length = 512;
  CHECK(router.on.engine.Describe(spec)->type == ModelType::kRerank);
  CHECK(router.on.engine.Describe(spec)->context_length == 512);
}

TEST_CASE("LlamaServerEngine: does not describe what it does not know") {
  Router router;
  const absl::Status status =
      router.on.engine.Describe(SpecOf("nobody")).status();
  CHECK(absl::IsNotFound(status));
  CHECK(ReasonOf(status) == "MODEL_NOT_FOUND");
  CHECK_THAT(std::string(status.message()),
             Catch::Contains("llama") && Catch::Contains("nobody") &&
                 Catch::Contains(router.fake.endpoint()));
}

TEST_CASE("LlamaServerEngine: what it cannot read names engine and path") {
  Router router;
  router.on.LookAt("a");
  router.fake.Answer("/models", 200, R"({"data":7})");
  const absl::Status status = router.on.engine.Discover().status();
  CHECK(absl::IsUnavailable(status));
  CHECK(ReasonOf(status) == "ENGINE_ANSWER_UNREADABLE");
  CHECK_THAT(std::string(status.message()),
             Catch::Contains("\"llama\"") && Catch::Contains("/models"));
}

}  // namespace warmup
