#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "adapters/engines/llama_server/answers.h"
#include "core/base/limits.h"
#include "tests/adapters/engines/llama_server/samples.h"
#include "tests/support/catch.h"
#include "tests/support/mutated_json.h"

namespace warmup::llama_server {
namespace {

constexpr int kRounds = 3'000;  // of each sample

void CheckMarks(const absl::StatusOr<Activity>& activity) {
  if (!activity.ok()) return;
  for (const int64_t mark : activity->marks) {
    if (mark < 0) FAIL(mark);
  }
}

// Reads a text as everything that it might be; true if it is anything.
bool ReadAll(const std::string& mutated) {
  // A copy of exactly that size, so that ASan sees the first byte too far.
  const std::unique_ptr<char[]> copy(new char[mutated.size()]);
  std::copy(mutated.begin(), mutated.end(), copy.get());
  const std::string_view text(copy.get(), mutated.size());
  const auto listing = ReadModels(text);
  if (listing.ok()) {
    for (const ListedModel& model : listing->models) {
      if (model.weight_bytes < 0 || model.port < 0 || model.port > 65'535 ||
          model.weight_bytes > limits::kMaxModelBytes) {
        FAIL(mutated);
      }
    }
    static_cast<void>(FindModel(*listing, "coder"));
  }
  const auto metrics = ReadMetrics(text);
  CheckMarks(metrics);
  const auto slots = ReadSlots(text);
  CheckMarks(slots);
  return ReadProps(text).ok() || listing.ok() || metrics.ok() || slots.ok();
}

}  // namespace

TEST_CASE("A llama-server's answers: mutations are read or refused") {
  for (const char* sample :
       {kModels, kModel, kRouterProps, kModelProps, kMetrics, kSlots, kError}) {
    int accepted = 0;
    for (int seed = 0; seed < kRounds; ++seed) {
      std::mt19937_64 random(static_cast<uint64_t>(seed));
      accepted += ReadAll(Mutated(sample, random)) ? 1 : 0;
    }
    CAPTURE(sample, accepted);
    CHECK(accepted < kRounds);
    // All but errors reach beyond the parser.
    const bool is_read = ReadAll(sample);
    CHECK((accepted > kRounds / 20) == is_read);
  }
}

TEST_CASE("A llama-server's answers: JSON cut off at any length is refused") {
  for (const std::string sample : {kModels, kModel, kModelProps, kSlots}) {
    for (size_t length = 0; length < sample.size(); ++length) {
      CHECK_FALSE(ReadAll(sample.substr(0, length)));
    }
  }
}

}  // namespace warmup::llama_server
