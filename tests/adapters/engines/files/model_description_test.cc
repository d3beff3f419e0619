#include "adapters/engines/files/model_description.h"

#include <filesystem>
#include <string>

#include "core/base/error.h"
#include "tests/adapters/engines/files/disk_files.h"
#include "tests/adapters/engines/files/header_samples.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

absl::StatusOr<ModelHeader> Describe(const std::string& source) {
  const auto files = ResolveModelFiles(source);
  INFO(files.status().ToString());
  REQUIRE(files.ok());
  return DescribeModelFiles(*files);
}

ModelHeader MustDescribe(const std::string& source) {
  auto header = Describe(source);
  INFO(header.status().ToString());
  REQUIRE(header.ok());
  return *std::move(header);
}

}  // namespace

TEST_CASE("Describe: a GGUF is known by its bytes, not by its name") {
  const TemporaryFolder folder;
  const ModelHeader header =
      MustDescribe(folder.Write("sha256-0123", SampleGguf().Bytes()));
  CHECK(header.format == "gguf");
  CHECK(header.architecture == "llama");
  CHECK(header.type == ModelType::kChat);
  CHECK(header.context_length == 4096);
}

TEST_CASE("Describe: the parts of a split GGUF add up") {
  const TemporaryFolder folder;
  const std::string first =
      folder.Write("m-00001-of-00002.gguf", SampleGguf().Bytes());
  GgufWriter rest;
  rest.Tensor("blk.0.weight", {100});
  folder.Write("m-00002-of-00002.gguf", rest.Bytes());
  const ModelHeader header = MustDescribe(first);
  CHECK(header.parameter_count == 140);
  CHECK(header.name == "Tiny Llama");
}

TEST_CASE("Describe: a folder is its config.json and its safetensors") {
  const TemporaryFolder folder;
  folder.Write("m/config.json", R"({"model_type":"qwen2",
      "architectures":["Qwen2ForCausalLM"],"max_position_embeddings":32768})");
  folder.Write("m/model-00001-of-00002.safetensors", SampleSafetensors());
  folder.Write("m/model-00002-of-00002.safetensors", SampleSafetensors());
  ModelHeader header = MustDescribe(folder.Path("m"));
  CHECK(header.format == "safetensors");
  CHECK(header.architecture == "qwen2");
  CHECK(header.context_length == 32768);
  CHECK(header.parameter_count == 20);
  CHECK(header.type == ModelType::kUnspecified);
  folder.Write("m/tokenizer_config.json", R"({"chat_template":"{{ x }}"})");
  header = MustDescribe(folder.Path("m"));
  CHECK(header.type == ModelType::kChat);
}

TEST_CASE("Describe: config.json tells the types of models apart") {
  const TemporaryFolder folder;
  folder.Write("m/model.safetensors", SampleSafetensors());
  const auto type_of = [&](const std::string& config) {
    folder.Write("m/config.json", config);
    return MustDescribe(folder.Path("m")).type;
  };
  CHECK(type_of(R"({"model_type":"bert","architectures":["BertModel"]})") ==
        ModelType::kEmbedding);
  CHECK(type_of(R"({"architectures":["XLMRobertaForSequenceClassification"],
                    "id2label":{"0":"LABEL_0"}})") == ModelType::kRerank);
  CHECK(type_of(R"({"architectures":["BertForSequenceClassification"],
                    "id2label":{"0":"a","1":"b"}})") ==
        ModelType::kClassification);
  CHECK(type_of(R"({"architectures":["BertForTokenClassification"]})") ==
        ModelType::kClassification);
}

TEST_CASE("Describe: a part's own config.json does not speak for the model") {
  const TemporaryFolder folder;
  folder.Write("m/1_Pooling/config.json", R"({"model_type":"pooling"})");
  folder.Write("m/config.json", R"({"model_type":"bert",
                                    "max_position_embeddings":512})");
  folder.Write("m/model.safetensors", SampleSafetensors());
  folder.Write("m/vision/config.json", R"({"model_type":"vision"})");
  const ModelHeader header = MustDescribe(folder.Path("m"));
  CHECK(header.architecture == "bert");
  CHECK(header.context_length == 512);
}

TEST_CASE("Describe: a config.json that is none, or lies, does no harm") {
  const TemporaryFolder folder;
  folder.Write("m/model.safetensors", SampleSafetensors());
  const std::string config = GENERATE(
      as<std::string>(), "", "[]", "{", "null", R"({"model_type":7})",
      R"({"max_position_embeddings":-5})",
      R"({"max_position_embeddings":18446744073709551615})",
      R"({"max_position_embeddings":1e300,"architectures":[7]})",
      R"({"text_config":[],"id2label":[1],"architectures":{}})",
      std::string(100'000, '['), std::string(kMaxConfigBytes + 1, ' '));
  folder.Write("m/config.json", config);
  const ModelHeader header = MustDescribe(folder.Path("m"));
  CHECK(header.context_length == 0);
  CHECK(header.architecture.empty());
  CHECK(header.type == ModelType::kUnspecified);
  CHECK(header.parameter_count == 10);
}

TEST_CASE("Describe: files of no known format are raw") {
  const TemporaryFolder folder;
  CHECK(MustDescribe(folder.Write("m.onnx", "onnx")).format == "raw");
  CHECK(MustDescribe(folder.Write("tiny", "GG")).format == "raw");
}

TEST_CASE("Describe: a damaged file is named") {
  const TemporaryFolder folder;
  folder.Write("m/good.safetensors", SampleSafetensors());
  std::string bytes = SampleGguf().Bytes();
  bytes.pop_back();
  const std::string bad = folder.Write("m/short.gguf", bytes);
  const auto header = Describe(folder.Path("m"));
  REQUIRE_FALSE(header.ok());
  CHECK(header.status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK(GetErrorDetails(header.status()).reason == "MODEL_DAMAGED");
  CHECK_THAT(std::string(header.status().message()),
             Catch::Contains(bad) && Catch::Contains("cut off"));
}

TEST_CASE("Describe: a file that goes meanwhile is told, the cold stay cold") {
  const TemporaryFolder folder;
  const std::string path = folder.Write("m.gguf", SampleGguf().Bytes());
  const auto files = ResolveModelFiles(path);
  REQUIRE(files.ok());
  std::filesystem::resize_file(path, 64 << 20);
  MakeCold(path);
  CHECK(DescribeModelFiles(*files).ok());
  CHECK(InMemory(path) < 1 << 20);
  std::filesystem::remove(path);
  CHECK(DescribeModelFiles(*files).status().code() ==
        absl::StatusCode::kNotFound);
}

}  // namespace warmup
