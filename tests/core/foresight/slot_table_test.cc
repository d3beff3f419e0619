#include "core/foresight/slot_table.h"

#include "tests/support/catch.h"

namespace warmup::foresight {
namespace {

// What one head of a slot learns from a case.
void Learn(Slot& slot, size_t head, float outcome, float weight,
           float prior = 0) {
  std::array<float, 1> log_odds = {
      slot.weight[head] == 0 ? prior : slot.log_odds[head]};
  std::array<float, 1> cases = {slot.weight[head]};
  Follow({.outcome = outcome, .weight = weight}, log_odds, cases);
  slot.log_odds[head] = log_odds[0];
  slot.weight[head] = cases[0];
}

TEST_CASE("SlotTable: a context has one slot, which stays") {
  SlotTable table(8);
  const uint32_t none = table.Peek(42);
  CHECK(table[none].weight[kHour] == 0);
  const uint32_t slot = table.Find(42);
  CHECK(slot != none);
  Learn(table[slot], kHour, 1, 1);
  CHECK(table.Find(42) == slot);
  CHECK(table.Peek(42) == slot);
  CHECK(table[slot].weight[kHour] == 1);
  CHECK(table.Find(43) != slot);
  CHECK(table.Peek(44) == none);
}

TEST_CASE("SlotTable: what was met least makes place, emptied") {
  SlotTable table(2);  // four slots, for all
  for (uint64_t hash = 1; hash <= 4; ++hash) {
    Slot& slot = table[table.Find(hash)];
    for (uint64_t i = 0; i < 10 * hash; ++i) Learn(slot, kNext, 1, 1);
  }
  const uint32_t poorest = table.Find(1);
  CHECK(table[poorest].weight[kNext] == 10);
  CHECK(table.Find(5) == poorest);
  CHECK(table[poorest].weight[kNext] == 0);
  CHECK(table[poorest].log_odds[kNext] == 0);
  CHECK(table[table.Find(2)].weight[kNext] == 20);
}

TEST_CASE("Slot: follows its cases, the first ones faster") {
  Slot slot;
  Learn(slot, kNext, 1, 1, Stretch(0.1F));
  const float once = Squash(slot.log_odds[kNext]);
  CHECK(once > 0.5F);  // from the prior's 0.1
  CHECK(once < 1);
  for (int i = 0; i < 2'000; ++i) {
    Learn(slot, kNext, i % 4 == 0 ? 1 : 0, 1);
  }
  CHECK(Squash(slot.log_odds[kNext]) == Approx(0.25).margin(0.01));
  // A case that hardly counts hardly moves it.
  const float before = slot.log_odds[kNext];
  Learn(slot, kNext, 1, 0.01F);
  CHECK(slot.log_odds[kNext] == Approx(before).margin(0.001));
  // Other heads have heard nothing.
  CHECK(slot.weight[kDay] == 0);
}

}  // namespace
}  // namespace warmup::foresight
