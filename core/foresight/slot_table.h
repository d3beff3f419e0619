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
  Lanes log_odds{};
  Lanes weight{};  // independent cases it rests on

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(log_odds, weight);
  }
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
  // The same, but makes no place for one that has none: that of none at all,
  // which stays empty.
  uint32_t Peek(uint64_t hash) const;
  Slot& operator[](uint32_t index) { return slots_[index]; }
  const Slot& operator[](uint32_t index) const { return slots_[index]; }
  // For Foresight::Save and Load.
  template <typename Archive>
  void Persist(Archive& archive) {
    archive(slots_, tags_, mask_);
  }

 private:
  static constexpr size_t kWays = 4;

  std::vector<Slot> slots_;     // and the empty one
  std::vector<uint32_t> tags_;  // 0: free
  uint64_t mask_;
};

// Probabilities, log-odds, that rest on `cases` each move towards a lesson's
// outcome, by the mean over the cases while these are few, then by a 250th, so
// that they follow what changes. Without a case one has to be a prior.
template <size_t n>
void Follow(Lesson lesson, std::array<float, n>& log_odds,
            std::array<float, n>& cases) {
  constexpr float kFastest = 0.6F;  // the first case moves it by this much
  // Added to the cases, so that the first does not decide alone.
  constexpr float kPriorCases = 0.6F;
  constexpr float kSlowest = 1.0F / 250;
  constexpr float kMost = 1 - kSurest;
  // Loops with more than one choice in them do not become vector code.
  std::array<float, n> rates;
  for (size_t i = 0; i < n; ++i) {
    cases[i] += lesson.weight;
    rates[i] = lesson.weight / (cases[i] + kPriorCases);
  }
  const float slowest = lesson.weight * kSlowest;
  for (float& rate : rates) rate = rate < slowest ? slowest : rate;
  for (float& rate : rates) rate = rate < kFastest ? rate : kFastest;
  std::array<float, n> chances;
  for (size_t i = 0; i < n; ++i) {
    chances[i] = SquashInside(log_odds[i]);
    chances[i] += (lesson.outcome - chances[i]) * rates[i];
  }
  for (float& chance : chances) chance = chance < kSurest ? kSurest : chance;
  for (float& chance : chances) chance = chance < kMost ? chance : kMost;
  for (size_t i = 0; i < n; ++i) log_odds[i] = StretchInside(chances[i]);
}

}  // namespace warmup::foresight

#endif  // WARMUP_CORE_FORESIGHT_SLOT_TABLE_H_
