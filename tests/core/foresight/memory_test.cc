// How much memory foresight takes: something fixed, and so much for each model;
// nothing for each request, for each pair of a user and a model, or for each
// user beyond the thousand that are followed.

#include <algorithm>
#include <string>
#include <vector>

#include "core/foresight/archive.h"
#include "core/foresight/foresight.h"
#include "tests/core/foresight/random_use.h"
#include "tests/support/catch.h"

namespace warmup::foresight {
namespace {

using shadow::Micros;

constexpr Micros kStart = 1'700'000'000'000'000;

// What is saved is what all containers hold; what they reserve is at most twice
// that.
//
// The table of contexts (2^16 slots with a tag, 4.25 MiB), what waits for its
// outcome (16,384 cases of 200 bytes, 3.1 MiB); weights, calibrations, scores.
constexpr size_t kFixed = size_t{15} << 19;
// Its history (108 bytes), its place, its chances (24), what it is worth (25).
constexpr size_t kLearnedOfModel = 176;
// On a shadow machine: what it is doing there (63 bytes), its places among what
// is ready and what is queued, what the expert remembers of it or the timer of
// a keep-alive (24).
constexpr size_t kShadowOfModel = 96;
constexpr size_t kShadows = 7;
constexpr size_t kUser = 36;

TEST_CASE("Forecaster: a million pairs take the memory of their models") {
  constexpr int kModels = 10'000;
  constexpr int kUsers = 50'000;
  constexpr int kModelsOfUser = 20;
  constexpr size_t kMost =
      kFixed + kModels * kLearnedOfModel + History::kMaxUsers * kUser;
  static_assert(kMost < size_t{10} << 20);
  Forecaster forecaster({});
  Micros now = kStart;
  size_t most = 0;
  for (int i = 0; i < kUsers * kModelsOfUser; ++i) {
    const int user = i % kUsers;
    const int round = i / kUsers;
    // No pair comes twice.
    const shadow::ItemId model = (user * 31 + round * 499) % kModels;
    forecaster.OnRequest({now += kSecond / 4, user, model});
    if (i % 250 == 0) {
      forecaster.OnContext({.at = now, .user = user, .kind = i});
      forecaster.Forecast(now, Forecaster::Occasion::kRequest);
    }
    if (i % 200'000 == 199'999) {
      most = std::max(most, Archived(forecaster).size());
    }
  }
  CHECK(forecaster.known().size() == kModels);
  CHECK(forecaster.waiting() > Forecaster::kMostWaiting / 4);
  CHECK(most < kMost);
  CHECK(most > kMost * 2 / 3);  // so the bound is no idle one
}

TEST_CASE("Foresight: shadows take the memory of models, not of requests") {
  constexpr int kModels = 1'000;
  const std::vector<shadow::ItemCost> costs = RandomCosts(kModels, 1);
  Foresight foresight(costs);
  const Pool& pool = foresight.AddPool({.budget = 64});
  Micros now = kStart;
  // More than can be loaded, and all within a keep-alive: everybody waits, and
  // nothing is over.
  const auto use = [&](int requests) {
    for (int i = 0; i < requests; ++i) {
      foresight.OnRequest({now += kSecond / 100, i, i % kModels}, {});
    }
    return Archived(pool).size();
  };
  const size_t once = use(kModels);
  CHECK(once < kModels * (kShadows * kShadowOfModel + sizeof(shadow::ItemId)));
  CHECK(use(10 * kModels) < once + 1'000);
  CHECK(Archived(pool.ollama_default()).size() < kModels * kShadowOfModel);
}

}  // namespace
}  // namespace warmup::foresight
