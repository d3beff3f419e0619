#include "core/runtime/warmup_tally.h"

#include "tests/support/catch.h"

namespace warmup {
namespace {

using LoadEnd = WarmupTally::LoadEnd;

constexpr absl::Time kStart = absl::UnixEpoch();
constexpr bool kGuess = true;

absl::Time At(int seconds) { return kStart + absl::Seconds(seconds); }

// Loads "m" from second 0 to `ready`.
WarmupTally Loaded(bool is_guess, int ready = 10) {
  WarmupTally tally;
  tally.OnLoadStarted("m", is_guess);
  tally.OnLoadEnded(At(ready), "m", LoadEnd::kReady);
  return tally;
}

TEST_CASE("WarmupTally: a guess that is used in time has a lead") {
  WarmupTally tally = Loaded(kGuess);
  CHECK(tally.counts().used == 0);  // not decided yet
  tally.OnUsed(At(41), "m", At(40));
  CHECK(tally.counts().used == 1);
  CHECK(tally.counts().late == 0);
  CHECK(tally.counts().missed == 0);
  CHECK(tally.counts().lead == absl::Seconds(30));
  CHECK(tally.counts().median_lead == absl::Seconds(30));
  tally.OnGone(At(50), "m");
  CHECK(tally.counts().unused == 0);
}

TEST_CASE("WarmupTally: only the first use is the guess's") {
  WarmupTally tally = Loaded(kGuess);
  for (int i = 0; i < 4; ++i) tally.OnUsed(At(20 + i), "m", At(20 + i));
  CHECK(tally.counts().used == 1);
  CHECK(tally.counts().idle_uses == 3);
  CHECK(tally.counts().lead == absl::Seconds(10));
}

TEST_CASE("WarmupTally: a guess that goes unused, or is cancelled, was wrong") {
  WarmupTally tally = Loaded(kGuess);
  tally.OnGone(At(20), "m");
  CHECK(tally.counts().unused == 1);
  tally.OnLoadStarted("m", kGuess);
  tally.OnLoadEnded(At(30), "m", LoadEnd::kCancelled);
  CHECK(tally.counts().unused == 2);
  // That the engine could not is not the guess's fault.
  tally.OnLoadStarted("m", kGuess);
  tally.OnLoadEnded(At(40), "m", LoadEnd::kFailed);
  CHECK(tally.counts().unused == 2);
  CHECK(tally.counts().used == 0);
}

TEST_CASE("WarmupTally: who comes while a guess is loading comes too early") {
  WarmupTally tally;
  tally.OnLoadStarted("m", kGuess);
  SECTION("and waits for it") { tally.OnDemanded(At(5), "m"); }
  SECTION("and asks its engine") { tally.OnUsed(At(5), "m", At(5)); }
  tally.OnLoadEnded(At(10), "m", LoadEnd::kReady);
  CHECK(tally.counts().used == 1);
  CHECK(tally.counts().late == 1);
  CHECK(tally.counts().InTime() == 0);
  CHECK(tally.counts().missed == 1);
  CHECK(tally.counts().lead == absl::ZeroDuration());
  tally.OnGone(At(50), "m");
  CHECK(tally.counts().unused == 0);
}

TEST_CASE("WarmupTally: a use told after the load it came before was late") {
  WarmupTally tally = Loaded(kGuess, 10);
  tally.OnUsed(At(12), "m", At(8));
  CHECK(tally.counts().used == 1);
  CHECK(tally.counts().late == 1);
  CHECK(tally.counts().missed == 1);
}

TEST_CASE("WarmupTally: a load on demand is one miss, and no guess") {
  WarmupTally tally;
  tally.OnDemanded(At(0), "m");
  tally.OnDemanded(At(1), "m");  // waits for the same load
  tally.OnLoadStarted("m", !kGuess);
  tally.OnLoadEnded(At(10), "m", LoadEnd::kReady);
  tally.OnUsed(At(11), "m", At(11));  // what it was demanded for
  CHECK(tally.counts().missed == 1);
  CHECK(tally.counts().idle_uses == 0);
  tally.OnUsed(At(60), "m", At(60));
  CHECK(tally.counts().idle_uses == 1);
  tally.OnGone(At(70), "m");
  tally.OnDemanded(At(80), "m");
  CHECK(tally.counts().missed == 2);
  CHECK(tally.counts().used + tally.counts().unused == 0);
}

TEST_CASE("WarmupTally: what others loaded was a miss, once") {
  WarmupTally tally;
  tally.OnUsed(At(1), "m", At(0));
  tally.OnFoundReady(At(2), "m");
  tally.OnUsed(At(3), "m", At(1));
  tally.OnUsed(At(9), "m", At(8));
  CHECK(tally.counts().missed == 1);
  CHECK(tally.counts().idle_uses == 1);
}

TEST_CASE(
    "WarmupTally: of a use told after the model has gone nothing counts") {
  WarmupTally tally = Loaded(!kGuess);
  tally.OnGone(At(30), "m");
  tally.OnUsed(At(31), "m", At(29));
  CHECK(tally.counts().missed + tally.counts().idle_uses == 0);
  tally.OnUsed(At(32), "m", At(32));
  CHECK(tally.counts().missed == 1);
}

TEST_CASE("WarmupTally: the median lead is of the last ones") {
  WarmupTally tally;
  const auto guess = [&](absl::Time at, absl::Duration lead) {
    tally.OnLoadStarted("m", kGuess);
    tally.OnLoadEnded(at, "m", LoadEnd::kReady);
    tally.OnUsed(at + lead, "m", at + lead);
    tally.OnGone(at + lead, "m");
  };
  for (const int seconds : {1, 2, 60}) {
    guess(At(100 * seconds), absl::Seconds(seconds));
  }
  CHECK(tally.counts().median_lead == absl::Seconds(2));
  CHECK(tally.counts().lead == absl::Seconds(63));
  for (size_t i = 0; i < WarmupTally::kLeads; ++i) {
    guess(At(10'000 + 10 * static_cast<int>(i)), absl::Seconds(5));
  }
  CHECK(tally.counts().median_lead == absl::Seconds(5));
}

TEST_CASE("WarmupTally: a model that comes back is a new one") {
  WarmupTally tally = Loaded(kGuess);
  tally.Forget("m");
  tally.OnGone(At(20), "m");
  CHECK(tally.counts().unused == 0);
}

}  // namespace
}  // namespace warmup
