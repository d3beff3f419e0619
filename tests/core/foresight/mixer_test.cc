#include "core/foresight/mixer.h"

#include <random>

#include "tests/support/catch.h"

namespace warmup::foresight {
namespace {

TEST_CASE("Mixer: says at first what the most general context says") {
  SlotTable table(8);
  Evidence evidence;
  evidence.count = 2;
  evidence.slots[0] = table.Find(1);
  evidence.slots[1] = table.Find(2);
  for (int i = 0; i < 100; ++i) {
    Slot& slot = table[evidence.slots[0]];
    Follow({.outcome = i % 10 == 0 ? 1.0F : 0.0F}, slot.log_odds, slot.weight);
  }
  const Mixer mixer;
  CHECK(mixer.Mix(table, evidence)[kNext] ==
        Approx(table[evidence.slots[0]].log_odds[kNext]).epsilon(0.05));
  // And before that, what is assumed.
  evidence.slots[0] = table.Find(3);
  evidence.prior[kHour] = -2;
  CHECK(mixer.Mix(table, evidence)[kHour] == -2);
}

TEST_CASE("Mixer: learns which context knows") {
  std::mt19937_64 random(1);
  SlotTable table(10);
  Mixer mixer;
  double loss = 0;
  constexpr int kCases = 20'000;
  constexpr int kCounted = 2'000;
  for (int i = 0; i < kCases; ++i) {
    const uint64_t known = random() % 2;
    const uint64_t noise = random() % 16;
    Evidence evidence;
    evidence.count = 3;
    evidence.slots[0] = table.Find(1);
    evidence.slots[1] = table.Find(100 + known);
    evidence.slots[2] = table.Find(200 + noise);
    const float p = Squash(mixer.Mix(table, evidence)[kHour]);
    // It comes in nine of ten cases where it is known to, else in one of ten.
    const bool comes = (random() % 10 == 0) != (known == 1);
    if (i >= kCases - kCounted) {
      loss -= std::log(static_cast<double>(comes ? p : 1 - p));
    }
    mixer.Learn(table, evidence, kHour, {.outcome = comes ? 1.0F : 0.0F});
  }
  // The least that is possible is the entropy of one in ten, 0.325; knowing
  // nothing costs 0.693.
  CHECK(loss / kCounted < 0.37);
  // What each context adds makes up the whole, and who knows adds most.
  Evidence evidence;
  evidence.count = 3;
  evidence.slots = {table.Find(1), table.Find(101), table.Find(203)};
  const auto parts = mixer.PartsOf(table, evidence, kHour);
  CHECK(parts[0] + parts[1] + parts[2] ==
        Approx(mixer.Mix(table, evidence)[kHour]));
  CHECK(parts[1] > 1);
  CHECK(std::abs(parts[2]) < 0.5F);
}

}  // namespace
}  // namespace warmup::foresight
