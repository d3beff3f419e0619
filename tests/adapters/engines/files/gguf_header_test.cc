#include "adapters/engines/files/gguf_header.h"

#include <string>

#include "tests/adapters/engines/files/header_samples.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

absl::StatusOr<ModelHeader> Read(const std::string& bytes) {
  MemorySource source(bytes);
  return ReadGgufHeader(source);
}

std::string ErrorOf(const std::string& bytes) {
  const auto header = Read(bytes);
  REQUIRE_FALSE(header.ok());
  CHECK(header.status().code() == absl::StatusCode::kFailedPrecondition);
  return std::string(header.status().message());
}

ModelType TypeOf(const GgufWriter& writer) {
  const auto header = Read(writer.Bytes());
  REQUIRE(header.ok());
  return header->type;
}

}  // namespace

TEST_CASE("GgufHeader: says what the model is") {
  const auto header = Read(SampleGguf().Bytes());
  REQUIRE(header.ok());
  CHECK(header->format == "gguf");
  CHECK(header->architecture == "llama");
  CHECK(header->name == "Tiny Llama");
  CHECK(header->context_length == 4096);
  CHECK(header->parameter_count == 40);
  CHECK(header->type == ModelType::kChat);
}

TEST_CASE("GgufHeader: tells the types of models apart") {
  GgufWriter bert;
  bert.Text("general.architecture", "nomic-bert");
  CHECK(TypeOf(bert) == ModelType::kEmbedding);

  GgufWriter reranker;
  reranker.Text("general.architecture", "bert").Uint32("bert.pooling_type", 4);
  CHECK(TypeOf(reranker) == ModelType::kRerank);

  GgufWriter named;
  named.Text("general.architecture", "bert")
      .Text("general.name", "BGE Reranker v2");
  CHECK(TypeOf(named) == ModelType::kRerank);

  GgufWriter pooled;
  pooled.Text("general.architecture", "qwen3")
      .Uint32("qwen3.pooling_type", 3)
      .Text("tokenizer.chat_template", "x");
  CHECK(TypeOf(pooled) == ModelType::kEmbedding);

  GgufWriter infill;
  infill.Text("general.architecture", "starcoder2")
      .Uint32("tokenizer.ggml.fim_pre_token_id", 1);
  CHECK(TypeOf(infill) == ModelType::kCompletion);

  GgufWriter plain;
  plain.Text("general.architecture", "llama");
  CHECK(TypeOf(plain) == ModelType::kUnspecified);
}

TEST_CASE("GgufHeader: untrusted text comes out printable and short") {
  GgufWriter writer;
  writer.Text("general.name", "evil\n\x1b[31m" + std::string(2'000, 'x'));
  const auto header = Read(writer.Bytes());
  REQUIRE(header.ok());
  CHECK(header->name.size() == kMaxHeaderTextBytes);
  CHECK(header->name.starts_with("evil??[31m"));
}

TEST_CASE("GgufHeader: a download that ended early is told from a model") {
  std::string bytes = SampleGguf().Bytes();
  bytes.pop_back();
  CHECK_THAT(ErrorOf(bytes), Catch::Contains("cut off"));
}

TEST_CASE("GgufHeader: says what is wrong") {
  CHECK_THAT(ErrorOf(""), Catch::Contains("ends early"));
  CHECK_THAT(ErrorOf("GGML" + std::string(40, '\0')),
             Catch::Contains("does not begin with GGUF"));
  CHECK_THAT(ErrorOf("GGUF" + std::string(40, '\1')),
             Catch::Contains("version 16843009"));
  std::string many = SampleGguf().Bytes();
  many[15] = '\x7f';  // the top byte of the count of tensors
  CHECK_THAT(ErrorOf(many), Catch::Contains("tensors, more than"));
  std::string values = SampleGguf().Bytes();
  values[23] = '\x7f';
  CHECK_THAT(ErrorOf(values), Catch::Contains("values, more than"));
}

TEST_CASE("GgufHeader: sizes that overflow are refused") {
  std::string bytes = SampleGguf().Bytes();
  const size_t at = bytes.find("output.weight");
  REQUIRE(at != std::string::npos);
  // After the name: count of dimensions (4), then the extents.
  bytes.replace(at + 13 + 4, 8, std::string(8, '\xff'));
  CHECK_THAT(ErrorOf(bytes), Catch::Contains("larger than can be counted"));
}

}  // namespace warmup
