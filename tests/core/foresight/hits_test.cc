#include "core/foresight/hits.h"

#include "core/foresight/foresight.h"
#include "tests/core/foresight/random_use.h"
#include "tests/support/catch.h"

namespace warmup::foresight {
namespace {

using shadow::Micros;

constexpr Micros kStart = 1'790'000'000 * kSecond;
constexpr Micros kMinute = 60 * kSecond;

// What is used in turn, by one user, once a minute.
class Turns {
 public:
  void Use(shadow::ItemId item, Micros after = kMinute) {
    const shadow::Request request{now_ += after, 0, item};
    hits_.OnRequest(request, forecaster_);
    forecaster_.OnRequest(request);
    forecaster_.Forecast(now_, Forecaster::Occasion::kRequest);
  }
  const Hits& hits() const { return hits_; }

 private:
  Micros now_ = kStart;
  Forecaster forecaster_{{}};
  Hits hits_;
};

TEST_CASE("Hits: what was never heard of is a miss") {
  Turns turns;
  for (int i = 0; i < 5; ++i) turns.Use(i);
  CHECK(turns.hits().counts(Hits::kAll).uses == 5);
  CHECK(turns.hits().counts(Hits::kAll).top1 == 0);
  CHECK(turns.hits().counts(Hits::kAll).top3 == 0);
}

TEST_CASE("Hits: what always follows becomes a hit") {
  Turns turns;
  for (int i = 0; i < 600; ++i) turns.Use(i % 5);
  const Hits::Counts before = turns.hits().counts(Hits::kAll);
  for (int i = 0; i < 100; ++i) turns.Use(i % 5);
  const Hits::Counts& after = turns.hits().counts(Hits::kAll);
  CHECK(after.uses - before.uses == 100);
  CHECK(after.top1 - before.top1 == 100);
  CHECK(after.top3 - before.top3 == 100);
}

TEST_CASE("Hits: among the first three is not the first") {
  Turns turns;
  // 0 by far the most often, 1 and 2 now and then: whoever is used, these
  // three stand first.
  for (int i = 0; i < 600; ++i)
    turns.Use(i % 10 == 4 ? 1 : i % 10 == 9 ? 2 : 0);
  const Hits::Counts& counts = turns.hits().counts(Hits::kAll);
  CHECK(counts.top1 <= counts.top3);
  CHECK(counts.top3 >= 597);
}

TEST_CASE("Hits: counts switches and what comes after a pause apart") {
  Turns turns;
  turns.Use(0);
  CHECK(turns.hits().counts(Hits::kSwitch).uses == 0);
  CHECK(turns.hits().counts(Hits::kAfterIdle).uses == 0);
  turns.Use(0);
  turns.Use(1);
  turns.Use(1, Hits::kIdle);
  turns.Use(1, Hits::kIdle + 1);
  turns.Use(0, Hits::kIdle + 1);
  CHECK(turns.hits().counts(Hits::kAll).uses == 6);
  CHECK(turns.hits().counts(Hits::kSwitch).uses == 2);
  CHECK(turns.hits().counts(Hits::kAfterIdle).uses == 2);
}

TEST_CASE("Foresight: counts hits of what was forecast before each use") {
  const std::vector<shadow::ItemCost> costs(
      3, {.size = 1, .load = kSecond, .pool = 0});
  Foresight foresight(costs);
  foresight.AddPool({.budget = 2});
  Micros now = kStart;
  for (int i = 0; i < 300; ++i) {
    foresight.OnRequest({now += kSecond, 0, i % 3}, {});
  }
  foresight.OnPast({now + kSecond, 0, 0});
  const Hits::Counts& counts = foresight.hits().counts(Hits::kAll);
  CHECK(counts.uses == 300);
  CHECK(counts.top1 > 200);
}

}  // namespace
}  // namespace warmup::foresight
