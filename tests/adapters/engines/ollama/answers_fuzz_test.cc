#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "adapters/engines/http/json_answer.h"
#include "adapters/engines/ollama/answers.h"
#include "core/base/limits.h"
#include "tests/adapters/engines/ollama/samples.h"
#include "tests/support/catch.h"
#include "tests/support/mutated_json.h"

namespace warmup::ollama {
namespace {

constexpr int kRounds = 4'000;  // of each sample

void CheckBytes(int64_t bytes) {
  if (bytes < 0 || bytes > limits::kMaxModelBytes) FAIL(bytes);
}

// Reads a text as everything that it might be; true if it is a listing.
bool ReadAll(const std::string& mutated) {
  // A copy of exactly that size, so that ASan sees the first byte too far.
  const std::unique_ptr<char[]> copy(new char[mutated.size()]);
  std::copy(mutated.begin(), mutated.end(), copy.get());
  const std::string_view text(copy.get(), mutated.size());
  const auto tags = ReadTags(text);
  if (tags.ok()) {
    for (const ListedModel& model : *tags) CheckBytes(model.size_bytes);
  }
  const auto running = ReadRunning(text);
  if (running.ok()) {
    for (const RunningModel& model : *running) {
      CheckBytes(model.size_bytes);
      CheckBytes(model.vram_bytes);
    }
  }
  const auto metadata = ReadMetadata(text);
  if (metadata.ok()) {
    CheckBytes(EstimateReadyBytes(*metadata, 1'000));
    CheckBytes(metadata->context_length);
  }
  const std::string error = json_answer::ReadError(text);
  if (error.size() > 300) FAIL(error.size());
  return ReadVersion(text).ok() || tags.ok();
}

}  // namespace

TEST_CASE("Ollama's answers: mutations are read or refused, never worse") {
  for (const char* sample : {kTags, kPs, kShow, kVersion, kError}) {
    int accepted = 0;
    for (int seed = 0; seed < kRounds; ++seed) {
      std::mt19937_64 random(static_cast<uint64_t>(seed));
      accepted += ReadAll(Mutated(sample, random)) ? 1 : 0;
    }
    CAPTURE(sample, accepted);
    CHECK(accepted < kRounds);
    // Those of listings and versions reach beyond the parser.
    const bool is_listing = ReadAll(sample);
    CHECK((accepted > kRounds / 20) == is_listing);
  }
}

TEST_CASE("Ollama's answers: cut off at any length they are refused") {
  for (const std::string sample : {kTags, kPs, kShow, kVersion}) {
    for (size_t length = 0; length < sample.size(); ++length) {
      const std::string part = sample.substr(0, length);
      CHECK_FALSE(ReadAll(part));
      CHECK_FALSE(ReadMetadata(part).ok());
    }
  }
}

}  // namespace warmup::ollama
