#include "adapters/engines/ollama/answers.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/limits.h"
#include "tests/adapters/engines/ollama/samples.h"
#include "tests/support/catch.h"

namespace warmup::ollama {
namespace {

// /api/tags and /api/ps with one model that has this field too.
std::string OneModel(const std::string& field) {
  return absl::StrCat(R"({"models":[{"name":"m",)", field, "}]}");
}

}  // namespace

TEST_CASE("Ollama's answers: a listing says what there is") {
  const auto models = ReadTags(kTags);
  REQUIRE(models.ok());
  REQUIRE(models->size() == 3);
  const ListedModel& coder = models->at(0);
  CHECK(coder.name == "qwen2.5-coder:1.5b");
  CHECK(coder.digest == "d7372fd828518e4a1d5a5f4a1f2d1c1e");
  CHECK(coder.size_bytes == 986'061'892);
  CHECK(coder.format == "gguf");
  CHECK(coder.family == "qwen2");
  CHECK_FALSE(coder.is_embedder);
  CHECK_FALSE(coder.is_remote);
  CHECK(models->at(1).is_embedder);
  CHECK(models->at(2).is_remote);
}

TEST_CASE("Ollama's answers: capabilities say more than the family") {
  CHECK(
      ReadTags(OneModel(R"("capabilities":["embedding"])"))->at(0).is_embedder);
  CHECK_FALSE(ReadTags(OneModel(R"("details":{"family":"bert"},
                                   "capabilities":["completion"])"))
                  ->at(0)
                  .is_embedder);
}

TEST_CASE("Ollama's answers: running models, with times to the nanosecond") {
  const auto models = ReadRunning(kPs);
  REQUIRE(models.ok());
  REQUIRE(models->size() == 1);
  const RunningModel& model = models->at(0);
  CHECK(model.name == "qwen2.5-coder:1.5b");
  CHECK(model.size_bytes == 1'523'456'000);
  CHECK(model.vram_bytes == 1'000'000'000);
  CHECK(model.expires_at == absl::FromUnixNanos(1'772'356'572'123'456'789));
}

TEST_CASE("Ollama's answers: metadata tells the memory of a context") {
  const auto metadata = ReadMetadata(kShow);
  REQUIRE(metadata.ok());
  CHECK(metadata->architecture == "qwen2");
  CHECK(metadata->blob == "/root/.ollama/models/blobs/sha256-29d8c98fa6b0");
  CHECK(metadata->parameter_count == 1'543'714'304);
  CHECK(metadata->context_length == 32'768);
  CHECK(metadata->set_context_length == 8'192);
  CHECK(metadata->layers == 28);
  CHECK(metadata->kv_heads == 2);
  CHECK(metadata->head_dimension == 128);
  CHECK(metadata->is_completer);
  CHECK_FALSE(metadata->is_embedder);
  CHECK(EstimateReadyBytes(*metadata, 1'000'000'000) ==
        1'000'000'000 + int64_t{2} * 28 * 2 * 128 * 8'192 * 2);
}

TEST_CASE("Ollama's answers: an estimate without metadata is the file") {
  CHECK(EstimateReadyBytes({}, 77) == 77);
  const ModelMetadata huge = {
      .layers = 1'000'000, .kv_heads = 1'000'000, .head_dimension = 1'000'000};
  CHECK(EstimateReadyBytes(huge, 77) == limits::kMaxModelBytes);
  // A number of heads for each layer: the largest.
  const auto metadata = ReadMetadata(
      R"({"model_info":{"general.architecture":"a","a.block_count":2,
          "a.attention.head_count":[8,4],"a.attention.head_count_kv":[1,4,2],
          "a.attention.key_length":64}})");
  REQUIRE(metadata.ok());
  CHECK(metadata->kv_heads == 4);
  CHECK(metadata->head_dimension == 64);
}

TEST_CASE("Ollama's answers: no models are no error") {
  for (const char* text : {R"({"models":[]})", R"({"models":null})"}) {
    CHECK(ReadTags(text)->empty());
    CHECK(ReadRunning(text)->empty());
  }
}

TEST_CASE("Ollama's answers: what is no listing is refused, saying why") {
  const auto [text, why] = GENERATE(table<std::string, std::string>({
      {"", "not JSON"},
      {"Ollama is running", "not JSON"},
      {R"({"models":[)", "not JSON"},
      {R"({"models":[{"size":1e999}]})", "not JSON"},
      {"[]", "not a JSON object"},
      {"null", "not a JSON object"},
      {"{}", "no \"models\""},
      {R"({"model":[]})", "no \"models\""},
      {R"({"models":{}})", "not a list"},
      {R"({"models":"x"})", "not a list"},
      {std::string("\xff\xfe", 2), "not JSON"},
      {"{\"models\":[{\"name\":\"\xff\"}]}", "not JSON"},
      {std::string(1'000'000, '['), "not JSON"},
  }));
  CAPTURE(text.substr(0, 100));
  for (const absl::Status& status :
       {ReadTags(text).status(), ReadRunning(text).status()}) {
    CHECK(absl::IsInvalidArgument(status));
    CHECK_THAT(std::string(status.message()), Catch::Contains(why));
  }
}

TEST_CASE("Ollama's answers: fields of the wrong kind read as not told") {
  const std::string value =
      GENERATE(as<std::string>{}, "null", "true", "[]", "{}", "-1", "-1e30",
               "1e30", "18446744073709551615", "99999999999999999999999",
               "\"\"", "\"yesterday\"", "\"2026-13-45T99:99:99Z\"");
  CAPTURE(value);
  for (const char* field : {"size", "size_vram", "digest", "expires_at",
                            "details", "capabilities", "remote_host"}) {
    const std::string text = OneModel(absl::StrCat("\"", field, "\":", value));
    CAPTURE(field);
    const auto tags = ReadTags(text);
    REQUIRE(tags.ok());
    REQUIRE(tags->size() == 1);
    CHECK(tags->at(0).size_bytes == 0);
    CHECK_FALSE(tags->at(0).is_embedder);
    const auto running = ReadRunning(text);
    REQUIRE(running.ok());
    CHECK(running->at(0).size_bytes == 0);
    CHECK(running->at(0).vram_bytes == 0);
    CHECK(running->at(0).expires_at == absl::InfinitePast());
  }
}

TEST_CASE("Ollama's answers: entries without a name are kept, nameless") {
  const auto models = ReadTags(
      R"({"models":[null,7,"x",[],{},{"name":null},{"name":7},{"name":""},
                    {"model":"only-model"}]})");
  REQUIRE(models.ok());
  REQUIRE(models->size() == 9);
  for (size_t i = 0; i < 8; ++i) CHECK(models->at(i).name.empty());
  CHECK(models->at(8).name == "only-model");
}

TEST_CASE("Ollama's answers: of a field that comes twice the last counts") {
  const auto models =
      ReadTags(R"({"models":7,"models":[{"name":"a","name":"b","size":1,
                   "size":2}]})");
  REQUIRE(models.ok());
  CHECK(models->at(0).name == "b");
  CHECK(models->at(0).size_bytes == 2);
}

TEST_CASE("Ollama's answers: 5,000 models are read, 20,001 are not") {
  const auto list = [](int count) {
    std::string text = R"({"models":[)";
    for (int i = 0; i < count; ++i) {
      absl::StrAppend(&text, i > 0 ? "," : "", R"({"name":"m)", i, R"("})");
    }
    return text + "]}";
  };
  const auto models = ReadTags(list(5'000));
  REQUIRE(models.ok());
  CHECK(models->size() == 5'000);
  CHECK(models->back().name == "m4999");
  CHECK_THAT(std::string(ReadTags(list(20'001)).status().message()),
             Catch::Contains("20001"));
}

TEST_CASE("Ollama's answers: metadata of any kind is read") {
  for (const char* text :
       {"{}", R"({"model_info":null})", R"({"model_info":[1]})",
        R"({"model_info":{"general.architecture":7}})",
        R"({"model_info":{"general.architecture":"a","a.block_count":-1,
            "a.context_length":1e30,"a.attention.head_count":0,
            "a.embedding_length":1e6,"a.attention.head_count_kv":[null,-1]}})",
        R"({"parameters":"num_ctx 99999999999999999999\nnum_ctx"})",
        R"({"parameters":"num_ctx x","modelfile":"FROM"})",
        R"({"modelfile":"FROM qwen\nFROM /x"})"}) {
    CAPTURE(text);
    const auto metadata = ReadMetadata(text);
    REQUIRE(metadata.ok());
    CHECK(metadata->context_length == 0);
    CHECK(metadata->blob.empty());
    CHECK(EstimateReadyBytes(*metadata, 5) == 5);
  }
  CHECK_FALSE(ReadMetadata("[]").ok());
  CHECK_FALSE(ReadMetadata("").ok());
}

TEST_CASE("Ollama's answers: a version") {
  CHECK(*ReadVersion(kVersion) == "0.17.4");
  CHECK_FALSE(ReadVersion("{}").ok());
  CHECK_FALSE(ReadVersion(R"({"version":17})").ok());
  CHECK_FALSE(ReadVersion("0.17.4").ok());
}

}  // namespace warmup::ollama
