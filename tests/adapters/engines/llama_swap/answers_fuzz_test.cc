#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "adapters/engines/llama_swap/answers.h"
#include "tests/adapters/engines/llama_swap/samples.h"
#include "tests/support/catch.h"
#include "tests/support/mutated_json.h"

namespace warmup::llama_swap {
namespace {

constexpr int kRounds = 4'000;  // of each sample

// Reads a text as everything that it might be; true if it is anything.
bool ReadAll(const std::string& mutated) {
  // A copy of exactly that size, so that ASan sees the first byte too far.
  const std::unique_ptr<char[]> copy(new char[mutated.size()]);
  std::copy(mutated.begin(), mutated.end(), copy.get());
  const std::string_view text(copy.get(), mutated.size());
  const auto models = ReadModels(text);
  if (models.ok()) {
    for (const ListedModel& model : *models) {
      if (model.context_length < 0) FAIL(model.context_length);
    }
  }
  const auto running = ReadRunning(text);
  if (running.ok()) {
    for (const RunningModel& model : *running) {
      if (model.port < 0 || model.port > 65'535) FAIL(model.port);
      if (model.ttl < absl::ZeroDuration()) FAIL("a negative ttl");
    }
  }
  ReadVersion(text);
  return models.ok() || running.ok() || ReadFeedMessage(text).ok();
}

}  // namespace

TEST_CASE("LlamaSwap's answers: mutations are read or refused, never worse") {
  for (const char* sample :
       {kModels, kRunning, kStates, kUpsert, kRemove, kSnapshot, kLog}) {
    int accepted = 0;
    for (int seed = 0; seed < kRounds; ++seed) {
      std::mt19937_64 random(static_cast<uint64_t>(seed));
      accepted += ReadAll(Mutated(sample, random)) ? 1 : 0;
    }
    CAPTURE(sample, accepted);
    CHECK(ReadAll(sample));
    CHECK(accepted > kRounds / 50);  // they reach beyond the parser
    CHECK(accepted < kRounds);
  }
}

TEST_CASE("LlamaSwap's answers: cut off at any length they are refused") {
  for (const std::string sample :
       {kModels, kRunning, kStates, kUpsert, kRemove, kSnapshot}) {
    for (size_t length = 0; length < sample.size(); ++length) {
      CHECK_FALSE(ReadAll(sample.substr(0, length)));
    }
  }
}

}  // namespace warmup::llama_swap
