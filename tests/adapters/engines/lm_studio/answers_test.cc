#include "adapters/engines/lm_studio/answers.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "core/base/limits.h"
#include "tests/adapters/engines/lm_studio/samples.h"
#include "tests/support/catch.h"
#include "tests/support/mutated_json.h"

namespace warmup::lm_studio {
namespace {

constexpr int kRounds = 4'000;  // of each sample

// Reads a text as everything that it might be; true if it is an answer.
bool ReadAll(const std::string& mutated) {
  // A copy of exactly that size, so that ASan sees the first byte too far.
  const std::unique_ptr<char[]> copy(new char[mutated.size()]);
  std::copy(mutated.begin(), mutated.end(), copy.get());
  const std::string_view text(copy.get(), mutated.size());
  const auto models = ReadModels(text);
  if (models.ok()) {
    for (const ListedModel& model : *models) {
      if (model.size_bytes < 0 || model.size_bytes > limits::kMaxModelBytes ||
          model.context_length < 0 ||
          std::count(model.instances.begin(), model.instances.end(), "") > 0) {
        FAIL(mutated);
      }
    }
  }
  return ReadInstance(text).ok() || models.ok();
}

}  // namespace

TEST_CASE("LM Studio's answers: models and their instances are read") {
  const auto models = ReadModels(kModels);
  INFO(models.status().ToString());
  REQUIRE(models.ok());
  REQUIRE(models->size() == 2);
  const ListedModel& gemma = models->at(0);
  CHECK(gemma.key == "google/gemma-4-26b-a4b");
  CHECK(gemma.size_bytes == 17'990'911'801);
  CHECK(gemma.architecture == "gemma4");
  CHECK(gemma.format == "gguf");
  CHECK(gemma.context_length == 262'144);
  CHECK_FALSE(gemma.is_embedder);
  CHECK(gemma.instances ==
        std::vector<std::string>{"google/gemma-4-26b-a4b",
                                 "google/gemma-4-26b-a4b:2"});
  CHECK(models->at(1).is_embedder);
  CHECK(models->at(1).format.empty());
  CHECK(models->at(1).instances.empty());
  CHECK(*ReadInstance(kLoaded) == "openai/gpt-oss-20b");
}

TEST_CASE("LM Studio's answers: what is none of them is refused") {
  for (const char* text : {"", "<html>", "[]", "{}", "{\"models\":1}",
                           static_cast<const char*>(kUnexpected)}) {
    CAPTURE(text);
    CHECK_FALSE(ReadModels(text).ok());
    CHECK_FALSE(ReadInstance(text).ok());
  }
  CHECK_FALSE(ReadInstance(R"({"instance_id":7})").ok());
  const auto odd = ReadModels(
      R"({"models":[1,null,{"key":3,"loaded_instances":7,"size_bytes":-1},
          {"key":"a","loaded_instances":[1,{},{"id":""},{"id":"x"}],
           "size_bytes":1e30,"max_context_length":"long"}]})");
  REQUIRE(odd.ok());
  REQUIRE(odd->size() == 4);
  CHECK(odd->at(2).key.empty());
  CHECK(odd->at(3).size_bytes == 0);
  CHECK(odd->at(3).instances == std::vector<std::string>{"x"});
}

TEST_CASE("LM Studio's answers: mutations are read or refused, never worse") {
  for (const std::string sample : {kModels, kLoaded, kUnexpected}) {
    int accepted = 0;
    for (int seed = 0; seed < kRounds; ++seed) {
      std::mt19937_64 random(static_cast<uint64_t>(seed));
      accepted += ReadAll(Mutated(sample, random)) ? 1 : 0;
    }
    CAPTURE(sample, accepted);
    CHECK(accepted < kRounds);
    CHECK((accepted > kRounds / 20) == ReadAll(sample));
    for (size_t length = 0; length < sample.size(); ++length) {
      CHECK_FALSE(ReadAll(sample.substr(0, length)));
    }
  }
}

}  // namespace warmup::lm_studio
