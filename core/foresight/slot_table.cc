#include "core/foresight/slot_table.h"

#include <algorithm>

namespace warmup::foresight {
namespace {

// The first case moves a slot by this much.
constexpr float kFastest = 0.6F;
// Added to the cases, so that the first does not decide alone.
constexpr float kPriorCases = 0.6F;
constexpr float kMostCases = 250;

}  // namespace

SlotTable::SlotTable(int bits)
    : slots_(size_t{1} << bits), mask_((size_t{1} << bits) - 1) {}

uint32_t SlotTable::Find(uint64_t hash) {
  hash *= 0x9E3779B97F4A7C15ULL;
  hash ^= hash >> 29;
  const uint32_t tag = static_cast<uint32_t>(hash >> 40) | 1U;
  const size_t first = hash & mask_ & ~(kWays - 1);
  size_t poorest = first;
  for (size_t i = first; i < first + kWays; ++i) {
    if (slots_[i].tag == tag) return static_cast<uint32_t>(i);
    if (slots_[i].tag == 0) {
      poorest = i;
      break;
    }
    if (slots_[i].weight[kNext] < slots_[poorest].weight[kNext]) poorest = i;
  }
  slots_[poorest] = Slot{.log_odds = {}, .weight = {}, .tag = tag};
  return static_cast<uint32_t>(poorest);
}

void Learn(Slot& slot, size_t head, float outcome, float weight, float prior) {
  float& cases = slot.weight[head];
  float p = Squash(cases == 0 ? prior : slot.log_odds[head]);
  cases += weight;
  const float rate =
      weight * std::max(1 / (cases + kPriorCases), 1 / kMostCases);
  p += (outcome - p) * std::min(rate, kFastest);
  slot.log_odds[head] = Stretch(p);
}

}  // namespace warmup::foresight
