#ifndef WARMUP_CORE_FORESIGHT_SLOT_TABLE_H_
#define WARMUP_CORE_FORESIGHT_SLOT_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/foresight/heads.h"

namespace warmup::foresight {

// What one context of one item says: how probable its use is when that
// context is met. A cache line.
struct alignas(64) Slot {
  PerHead log_odds{};
  PerHead weight{};  // independent cases it rests on
  uint32_t tag = 0;  // 0: free
};
static_assert(sizeof(Slot) == 64);

// Slots by the hash of their context, in memory that does not grow: of the
// four slots that a hash may have the one with the fewest cases makes place.
// Not thread-safe.
class SlotTable {
 public:
  explicit SlotTable(int bits);

  // The slot of a context, emptied if it was another's.
  uint32_t Find(uint64_t hash);
  Slot& operator[](uint32_t index) { return slots_[index]; }
  const Slot& operator[](uint32_t index) const { return slots_[index]; }

 private:
  static constexpr size_t kWays = 4;

  std::vector<Slot> slots_;
  size_t mask_;
};

// A case of weight `weight` came out as `outcome` (0 or 1): the slot's
// probability moves towards it, by the mean over its cases while these are few,
// then by a 250th, so that it follows what changes. A slot without a case
// starts from `prior`, log-odds.
void Learn(Slot& slot, size_t head, float outcome, float weight, float prior);

}  // namespace warmup::foresight

#endif  // WARMUP_CORE_FORESIGHT_SLOT_TABLE_H_
