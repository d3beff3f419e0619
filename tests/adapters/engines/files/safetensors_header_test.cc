#include "adapters/engines/files/safetensors_header.h"

#include <string>

#include "tests/adapters/engines/files/header_samples.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

absl::StatusOr<ModelHeader> Read(const std::string& bytes) {
  MemorySource source(bytes);
  return ReadSafetensorsHeader(source);
}

}  // namespace

TEST_CASE("SafetensorsHeader: counts parameters and keeps the title") {
  const auto header = Read(SampleSafetensors());
  REQUIRE(header.ok());
  CHECK(header->format == "safetensors");
  CHECK(header->name == "Tiny");
  CHECK(header->parameter_count == 10);
}

TEST_CASE("SafetensorsHeader: a scalar and an empty tensor are tensors") {
  const auto header = Read(SafetensorsBytes(
      R"({"s":{"dtype":"F16","shape":[],"data_offsets":[0,2]},)"
      R"("e":{"dtype":"F16","shape":[0,5],"data_offsets":[2,2]}})",
      2));
  REQUIRE(header.ok());
  CHECK(header->parameter_count == 1);
}

TEST_CASE("SafetensorsHeader: refuses what the format does not allow") {
  const std::string text =
      GENERATE(as<std::string>(), "", "[]", "5", "{", "null", "{\"a\":5}",
               R"({"a":{"dtype":"F16"}})",
               R"({"a":{"dtype":"F16","shape":[1],"data_offsets":[2,1]}})",
               R"({"a":{"dtype":"F16","shape":[1],"data_offsets":[1]}})",
               R"({"a":{"dtype":"F16","shape":[-1],"data_offsets":[0,1]}})",
               R"({"a":{"dtype":"F16","shape":[1.5],"data_offsets":[0,1]}})",
               R"({"a":{"dtype":"F16","shape":[18446744073709551615,2],)"
               R"("data_offsets":[0,1]}})",
               R"({"a":{"dtype":"F16","shape":[1],"data_offsets":[0,999999]}})",
               R"({"a":{"dtype":{"b":{}},"shape":[1],"data_offsets":[0,1]}})",
               R"({"a":{"dtype":"F16","shape":[[1]],"data_offsets":[0,1]}})");
  CAPTURE(text);
  const auto header = Read(SafetensorsBytes(text, 64));
  REQUIRE_FALSE(header.ok());
  CHECK(header.status().code() == absl::StatusCode::kFailedPrecondition);
}

TEST_CASE("SafetensorsHeader: deep nesting costs nothing") {
  std::string text = "{\"a\":";
  text.append(1'000'000, '[');
  CHECK_FALSE(Read(SafetensorsBytes(text, 0)).ok());
}

TEST_CASE("SafetensorsHeader: a length beyond the limit is refused unread") {
  std::string bytes(64, '\xff');
  const auto header = Read(bytes);
  REQUIRE_FALSE(header.ok());
  CHECK_THAT(std::string(header.status().message()),
             Catch::Contains("more than 33554432"));
}

}  // namespace warmup
