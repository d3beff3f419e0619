#include "adapters/engines/llama_swap/llama_swap_engine.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/adapters/engines/llama_swap/llama_swap_fixture.h"

namespace warmup {

TEST_CASE("LlamaSwapEngine: says what it is") {
  LlamaSwap swap;
  swap.LookAt("a");
  const EngineInfo info = swap.engine->info();
  CHECK(info.id == "swap");
  CHECK(info.kind == "llama-swap");
  CHECK(info.endpoint == swap.fake.endpoint());
  CHECK(info.version == "250");
  CHECK(info.abilities.can_load);
  CHECK(info.abilities.can_unload);
  CHECK(info.abilities.shows_use);
  CHECK_FALSE(info.abilities.has_tiers);
  CHECK_FALSE(info.abilities.shows_memory);
}

TEST_CASE("LlamaSwapEngine: knows a llama-swap, and loads nothing by that") {
  LlamaSwap swap;
  const auto http = ClientOf(swap.fake.endpoint());
  CHECK(*LlamaSwapEngine::Probe(*http) == "250");
  // An older one tells no version.
  swap.fake.Answer("/api/version", 404, "404 page not found");
  CHECK(LlamaSwapEngine::Probe(*http)->empty());
  CHECK(swap.fake.CallCount("/upstream/a/health") == 0);
  CHECK(swap.fake.StateOf("a") == "stopped");
}

TEST_CASE("LlamaSwapEngine: is no other server, whatever they answer") {
  // Ollama and llama-server; LM Studio; LocalAI and vLLM; another's listing.
  const auto [status, body] = GENERATE(table<int, std::string>({
      {404, "404 page not found"},
      {404, R"({"error":{"code":404,"message":"File Not Found"}})"},
      {200, R"({"error":"Unexpected endpoint or method"})"},
      {404, R"({"detail":"Not Found"})"},
      {200, R"({"object":"list","data":[]})"},
      {200, "Ollama is running"},
      {200, "<!DOCTYPE html>"},
  }));
  CAPTURE(status, body);
  LlamaSwap swap;
  swap.fake.Answer("/running", status, body);
  const auto http = ClientOf(swap.fake.endpoint());
  const absl::Status why = LlamaSwapEngine::Probe(*http).status();
  CHECK(absl::IsFailedPrecondition(why));
  CHECK(ReasonOf(why) == "NOT_LLAMA_SWAP");
  CHECK_THAT(std::string(why.message()),
             Catch::Contains("engine \"swap\" at " + swap.fake.endpoint()));
  CHECK(ReasonOf(swap.engine->Look({}).status()) == "NOT_LLAMA_SWAP");
  CHECK(ReasonOf(swap.engine->Discover().status()) == "NOT_LLAMA_SWAP");
}

TEST_CASE("LlamaSwapEngine: discovers its models, and passes over the rest") {
  LlamaSwap swap;
  swap.fake.Add({.name = "org/with \"all\" \xc3\xa4", .type = "model"});
  swap.fake.Add({.name = "org/model-7b", .type = "model"});
  swap.fake.Add({.name = "box/far", .type = "peer"});
  swap.fake.Add({.name = "any", .type = "selector"});
  swap.fake.Add({.name = "hidden", .is_unlisted = true});
  const auto specs = swap.engine->Discover();
  INFO(specs.status().ToString());
  REQUIRE(specs.ok());
  std::vector<std::string> names;
  for (const ModelSpec& spec : *specs) {
    names.push_back(spec.source);
    CHECK(spec.engine == "swap");
    CHECK(ValidateSpec(spec).ok());
  }
  CHECK(names == std::vector<std::string>{"a", "b", "org/model-7b", "x", "y"});
  REQUIRE(swap.skipped.size() == 3);
  CHECK(swap.skipped[0].first == "any");
  CHECK(swap.skipped[1].first == "box/far");
  CHECK_THAT(std::string(swap.skipped[1].second.message()),
             Catch::Contains("another machine"));
  CHECK(absl::IsInvalidArgument(swap.skipped[2].second));
}

TEST_CASE("LlamaSwapEngine: discovers and looks at 5,000 models") {
  LlamaSwap swap;
  for (int i = 0; i < 5'000; ++i) {
    swap.fake.AddNamed(absl::StrCat("org/model-", i, ":7b-instruct-q4_K_M"));
  }
  const auto specs = swap.engine->Discover();
  INFO(specs.status().ToString());
  REQUIRE(specs.ok());
  CHECK(specs->size() == 5'004);
  CHECK(swap.engine->Look(*specs)->size() == 5'004);
  // As large is each message of the feed.
  swap.fake.Use("org/model-7:7b-instruct-q4_K_M");
  swap.AwaitUses("org/model-7:7b-instruct-q4_K_M", 1);
}

TEST_CASE("LlamaSwapEngine: describes by name or alias what is listed") {
  LlamaSwap swap;
  ModelSpec spec = LlamaSwap::Spec("ex");
  const auto described = swap.engine->Describe(spec);
  INFO(described.status().ToString());
  REQUIRE(described.ok());
  CHECK(described->source == "ex");
  CHECK(described->size_bytes == 1'000);  // its owner's: it tells none
  CHECK(swap.engine->Describe(LlamaSwap::Spec("a")).ok());
  // Which asks for the whole list once, not for each model.
  CHECK(swap.fake.CallCount("/v1/models") == 1);

  const absl::Status status =
      swap.engine->Describe(LlamaSwap::Spec("nobody")).status();
  CHECK(absl::IsNotFound(status));
  CHECK(ReasonOf(status) == "MODEL_NOT_FOUND");
  CHECK(GetErrorDetails(status).metadata.at("model") == "nobody");
}

TEST_CASE("LlamaSwapEngine: a look neither loads nor keeps awake") {
  LlamaSwap swap;
  swap.LoadOk("a");
  const int calls = swap.fake.CallCount("/upstream/a/health");
  for (const char* name : {"a", "b", "x", "nobody"}) swap.LookAt(name);
  CHECK(swap.fake.CallCount("/upstream/a/health") == calls);
  CHECK(swap.fake.CallCount("/upstream/b/health") == 0);
  CHECK(swap.fake.StateOf("b") == "stopped");
}

TEST_CASE("LlamaSwapEngine: what is starting or stopping is not ready") {
  LlamaSwap swap;
  swap.fake.HoldLoads(true);
  swap.fake.BeginRequest("a");
  // It is "loaded" in /v1/models.
  const Sighting starting = swap.LookAt("a");
  CHECK(starting.residency.tier == Tier::kCold);
  CHECK(starting.is_loading);
  swap.fake.HoldLoads(false);
  CHECK(swap.IsReady("a"));
  CHECK_FALSE(swap.LookAt("a").is_loading);
  swap.fake.EndRequest("a");
  swap.fake.HoldStops(true);
  swap.fake.UnloadByHand("a");
  const Sighting stopping = swap.LookAt("a");
  CHECK(stopping.residency.tier == Tier::kCold);
  CHECK_FALSE(stopping.is_loading);
}

TEST_CASE("LlamaSwapEngine: a killed worker's model is gone at once") {
  LlamaSwap swap;
  swap.LoadOk("a");
  swap.fake.KillWorker("a");
  const Sighting sighting = swap.LookAt("a");
  CHECK(sighting.residency.tier == Tier::kCold);
  CHECK_FALSE(sighting.was_unloaded);
  swap.LoadOk("a");
}

}  // namespace warmup
