#include "adapters/engines/llama_server/answers.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/adapters/engines/llama_server/samples.h"
#include "tests/support/catch.h"

namespace warmup::llama_server {
namespace {

std::string OneModel(const std::string& fields) {
  return absl::StrCat(R"({"data":[{"id":"m",)", fields, "}]}");
}

}  // namespace

TEST_CASE("A llama-server's answers: a router's models and their status") {
  const auto listing = ReadModels(kModels);
  REQUIRE(listing.ok());
  CHECK(listing->is_router);
  REQUIRE(listing->models.size() == 5);
  const ListedModel& coder = listing->models[0];
  CHECK(coder.id == "coder");
  CHECK(coder.aliases == std::vector<std::string>{"code"});
  CHECK(coder.status == ModelStatus::kLoaded);
  CHECK_FALSE(coder.has_failed);
  CHECK(coder.command.front() == "/opt/llama.cpp/llama-server");
  CHECK(coder.path == "/models/coder.gguf");
  CHECK(coder.port == 38755);
  CHECK(coder.may_sleep);
  CHECK_FALSE(coder.is_embedder);
  CHECK(coder.weight_bytes == 477'440);
  CHECK(coder.context_length == 32'768);
  const ListedModel& embedder = listing->models[1];
  CHECK(embedder.status == ModelStatus::kSleeping);
  CHECK(embedder.is_embedder);
  CHECK_FALSE(embedder.may_sleep);
  const ListedModel& damaged = listing->models[2];
  CHECK(damaged.status == ModelStatus::kUnloaded);
  CHECK(damaged.has_failed);
  CHECK(damaged.is_reranker);
  CHECK_FALSE(damaged.may_sleep);
  CHECK(damaged.port == 0);
  CHECK(listing->models[3].status == ModelStatus::kLoading);
  CHECK(listing->models[4].status == ModelStatus::kOther);
}

TEST_CASE("A llama-server's answers: a server of one model shows no status") {
  const auto listing = ReadModels(kModel);
  REQUIRE(listing.ok());
  CHECK_FALSE(listing->is_router);
  REQUIRE(listing->models.size() == 1);
  CHECK(listing->models[0].id == "models/large.gguf");
  CHECK(listing->models[0].status == ModelStatus::kLoaded);
  CHECK(listing->models[0].weight_bytes == 506'286'080);
  CHECK(ReadModels(R"({"data":[]})")->is_router);
}

TEST_CASE("A llama-server's answers: models are found by id, then by alias") {
  Listing listing = {.is_router = true};
  listing.models.resize(2);
  listing.models[0].id = "a";
  listing.models[0].aliases = {"b", "c"};
  listing.models[1].id = "b";
  const ModelIndex index(listing);
  CHECK(index.Find("a") == &listing.models[0]);
  CHECK(index.Find("b") == &listing.models[1]);
  CHECK(index.Find("c") == &listing.models[0]);
  CHECK(index.Find("d") == nullptr);
  // A server that is still loading its one model.
  Listing loading;
  loading.models.emplace_back().status = ModelStatus::kLoading;
  CHECK(FindModel(loading, "any") == loading.models.data());
}

TEST_CASE("A llama-server's answers: properties tell version and role") {
  const auto router = ReadProps(kRouterProps);
  REQUIRE(router.ok());
  CHECK(router->is_router);
  CHECK(router->version == "b11434-unknown");
  const auto model = ReadProps(kModelProps);
  REQUIRE(model.ok());
  CHECK_FALSE(model->is_router);
  CHECK(model->path == "models/tiny.gguf");
  CHECK(model->is_sleeping);
  for (const char* text : {"{}", "", "[]", R"({"build_info":7})",
                           R"({"role":"router","build_info":""})"}) {
    CAPTURE(text);
    CHECK_FALSE(ReadProps(text).ok());
  }
}

TEST_CASE("A llama-server's answers: metrics count the tokens of prompts") {
  const auto activity = ReadMetrics(kMetrics);
  REQUIRE(activity.ok());
  CHECK(activity->marks == std::vector<int64_t>{14});
  CHECK(activity->is_busy);
  const auto idle = ReadMetrics("llamacpp:prompt_tokens_total 8\n");
  REQUIRE(idle.ok());
  CHECK(idle->marks == std::vector<int64_t>{8});
  CHECK_FALSE(idle->is_busy);
  const auto waiting = ReadMetrics(
      "llamacpp:prompt_tokens_total 1e300\nllamacpp:requests_deferred 1\n");
  REQUIRE(waiting.ok());
  CHECK(waiting->is_busy);
  for (const char* text : {"", "vllm:prompt_tokens_total 7\n",
                           "llamacpp:prompt_tokens_total x\n", "{}"}) {
    CAPTURE(text);
    CHECK_FALSE(ReadMetrics(text).ok());
  }
}

TEST_CASE("A llama-server's answers: slots tell what they served last") {
  const auto activity = ReadSlots(kSlots);
  REQUIRE(activity.ok());
  CHECK(activity->marks == std::vector<int64_t>{0, 218});
  CHECK(activity->is_busy);
  CHECK(ReadSlots("[]")->marks.empty());
  CHECK(ReadSlots(R"([null,7,{"id_task":-1},{"id_task":0}])")->marks ==
        std::vector<int64_t>{0, 0, 0, 1});
  CHECK_FALSE(ReadSlots("{}").ok());
  CHECK_FALSE(ReadSlots("").ok());
}

TEST_CASE(
    "A llama-server's answers: what is no listing is refused, saying why") {
  const auto [text, why] = GENERATE(table<std::string, std::string>({
      {"", "not JSON"},
      {R"({"data":[)", "not JSON"},
      {"[]", "not a JSON object"},
      {"{}", "no \"data\""},
      {R"({"models":[]})", "no \"data\""},
      {R"({"data":7})", "not a list"},
      {std::string(1'000'000, '['), "not JSON"},
  }));
  CAPTURE(text.substr(0, 100));
  const absl::Status status = ReadModels(text).status();
  CHECK(absl::IsInvalidArgument(status));
  CHECK_THAT(std::string(status.message()), Catch::Contains(why));
}

TEST_CASE("A llama-server's answers: fields of the wrong kind are not told") {
  const std::string value =
      GENERATE(as<std::string>{}, "null", "true", "[]", "{}", "-1", "-1e30",
               "1e30", "18446744073709551615", "\"\"", "[null]", "[[\"x\"]]");
  CAPTURE(value);
  const auto listing = ReadModels(OneModel(absl::StrCat(
      R"("status":{"value":)", value, R"(,"args":)", value, R"(,"failed":)",
      value, R"(},"aliases":)", value, R"(,"meta":{"size":)", value, "}")));
  REQUIRE(listing.ok());
  CHECK(listing->is_router);
  const ListedModel& model = listing->models.at(0);
  CHECK(model.status == ModelStatus::kOther);
  CHECK(model.has_failed == (value == "true"));
  CHECK(model.command.empty());
  CHECK(model.aliases.empty());
  CHECK(model.port == 0);
  CHECK(model.weight_bytes == 0);
}

TEST_CASE("A llama-server's answers: commands of any kind are read") {
  const std::string args = GENERATE(
      as<std::string>{}, R"(["--port"])", R"(["--port","x"])",
      R"(["--port","99999"])", R"(["--port","-7"])", R"(["--port",""])",
      R"(["--model"])", R"(["--sleep-idle-seconds"])",
      R"(["--sleep-idle-seconds","never"])");
  const auto listing = ReadModels(OneModel(
      absl::StrCat(R"("status":{"value":"loaded","args":)", args, "}")));
  REQUIRE(listing.ok());
  const ListedModel& model = listing->models.at(0);
  CHECK(model.port == 0);
  CHECK(model.path.empty());
  CHECK_FALSE(model.may_sleep);
}

}  // namespace warmup::llama_server
