#include "adapters/engines/local_ai/answers.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "core/base/limits.h"
#include "tests/adapters/engines/local_ai/samples.h"
#include "tests/support/catch.h"
#include "tests/support/mutated_json.h"

namespace warmup::local_ai {
namespace {

using Names = std::vector<std::string>;

constexpr int kRounds = 4'000;  // of each sample

// Reads a text as everything that it might be; true if it is an answer.
bool ReadAll(const std::string& mutated) {
  // A copy of exactly that size, so that ASan sees the first byte too far.
  const std::unique_ptr<char[]> copy(new char[mutated.size()]);
  std::copy(mutated.begin(), mutated.end(), copy.get());
  const std::string_view text(copy.get(), mutated.size());
  const Estimate estimate = ReadEstimate(text);
  for (const int64_t bytes : {estimate.size_bytes, estimate.ready_bytes}) {
    if (bytes < 0 || bytes > limits::kMaxModelBytes) FAIL(bytes);
  }
  return ReadModels(text).ok() || ReadLoaded(text).ok() ||
         !ReadLoadAnswer(text).empty() || !ReadVersion(text).empty() ||
         estimate.size_bytes > 0;
}

}  // namespace

TEST_CASE("LocalAI's answers: each is read") {
  CHECK(*ReadModels(kModels) == Names{"qwen3-4b", "whisper-1"});
  CHECK(*ReadLoaded(kSystem) == Names{"qwen3-4b", "whisper-1"});
  CHECK(ReadLoaded(R"({"loaded_models":null})")->empty());
  CHECK(ReadLoadAnswer(kLoaded) == Names{"silero-vad", "whisper-1"});
  CHECK(ReadVersion(kVersion) == "v4.9.0 4f5b6c7");
  const Estimate estimate = ReadEstimate(kEstimate);
  CHECK(estimate.size_bytes == 4'368'438'272);
  CHECK(estimate.ready_bytes == 6'123'456'789);
  CHECK(estimate.context_length == 131'072);
  CHECK(ReadEstimate(R"({"sizeBytes":3,"vramBytes":4})").ready_bytes == 4);
}

TEST_CASE("LocalAI's answers: what is none of them is refused") {
  for (const char* text : {"", "<html>", "[]", "{}", "{\"data\":1}",
                           R"({"loaded_models":{},"loaded":"a","version":4})",
                           R"({"message":"no weight files found"})"}) {
    CAPTURE(text);
    CHECK_FALSE(ReadModels(text).ok());
    CHECK_FALSE(ReadLoaded(text).ok());
    CHECK(ReadLoadAnswer(text).empty());
    CHECK(ReadVersion(text).empty());
    CHECK(ReadEstimate(text).size_bytes == 0);
  }
  CHECK(*ReadModels(R"({"data":[1,null,{"id":7},{"id":"a"}]})") ==
        Names{"", "", "", "a"});
  CHECK(ReadLoadAnswer(R"({"loaded":[1,null,"a"]})") == Names{"a"});
}

TEST_CASE("LocalAI's answers: mutations are read or refused, never worse") {
  for (const std::string sample :
       {kModels, kSystem, kLoaded, kVersion, kEstimate}) {
    int accepted = 0;
    for (int seed = 0; seed < kRounds; ++seed) {
      std::mt19937_64 random(static_cast<uint64_t>(seed));
      accepted += ReadAll(Mutated(sample, random)) ? 1 : 0;
    }
    CAPTURE(sample, accepted);
    CHECK(accepted < kRounds);
    CHECK(accepted > kRounds / 20);
    for (size_t length = 0; length < sample.size(); ++length) {
      CHECK_FALSE(ReadAll(sample.substr(0, length)));
    }
  }
}

}  // namespace warmup::local_ai
