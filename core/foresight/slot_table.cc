#include "core/foresight/slot_table.h"

#include <algorithm>

namespace warmup::foresight {
namespace {

struct Place {
  uint64_t first;  // of its ways
  uint32_t tag;
};

Place PlaceOf(uint64_t hash, uint64_t mask) {
  hash *= 0x9E3779B97F4A7C15ULL;
  hash ^= hash >> 29;
  return {hash & mask, static_cast<uint32_t>(hash >> 32) | 1U};
}

}  // namespace

SlotTable::SlotTable(int bits)
    : slots_((size_t{1} << bits) + 1),
      tags_(size_t{1} << bits),
      mask_(((uint64_t{1} << bits) - 1) & ~uint64_t{kWays - 1}) {}

uint32_t SlotTable::Peek(uint64_t hash) const {
  const auto [first, tag] = PlaceOf(hash, mask_);
  uint64_t found = tags_.size();
  for (uint64_t i = first; i < first + kWays; ++i) {
    found = tags_[i] == tag ? i : found;
  }
  return static_cast<uint32_t>(found);
}

uint32_t SlotTable::Find(uint64_t hash) {
  const uint32_t known = Peek(hash);
  if (known < tags_.size()) return known;
  const auto [first, tag] = PlaceOf(hash, mask_);
  uint64_t poorest = first;
  for (uint64_t i = first; i < first + kWays; ++i) {
    if (tags_[i] == 0) {
      poorest = i;
      break;
    }
    if (slots_[i].weight[kNext] < slots_[poorest].weight[kNext]) poorest = i;
  }
  slots_[poorest] = Slot();
  tags_[poorest] = tag;
  return static_cast<uint32_t>(poorest);
}

}  // namespace warmup::foresight
