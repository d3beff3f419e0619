#ifndef WARMUP_CORE_FORESIGHT_MIXER_H_
#define WARMUP_CORE_FORESIGHT_MIXER_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/foresight/heads.h"
#include "core/foresight/slot_table.h"

namespace warmup::foresight {

inline constexpr size_t kMaxContexts = 24;

// The slots that speak for one item at one moment, the most general one first,
// the class that chooses which weights mix them, and what is assumed, log-odds,
// while the most general context was hardly met.
struct Evidence {
  std::array<uint32_t, kMaxContexts> slots{};
  uint32_t count = 0;
  uint32_t gate = 0;
  Lanes prior{};

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(slots, count, gate, prior);
  }
};

// Mixes what several contexts say into one probability: log-odds are added up,
// each as its difference to the most general context, trusted by the cases it
// rests on and weighted by how well it served before. Gated logistic mixing,
// as in the context-mixing compressors (Mahoney, "Adaptive Weighing of Context
// Models for Lossless Data Compression", 2005): weights that all share and
// weights of one class of items are added, and learned by gradient descent on
// the coding cost.
class Mixer {
 public:
  static constexpr size_t kGates = 16;

  Mixer();

  // Log-odds.
  PerHead Mix(const SlotTable& table, const Evidence& evidence) const;
  // What each context adds to what Mix says of one head, the most general one
  // with the bias.
  std::array<float, kMaxContexts> PartsOf(const SlotTable& table,
                                          const Evidence& evidence,
                                          size_t head) const;
  // Weights and slots learn from a case, from what they say now (labels come
  // late; the gradient of then is no longer one).
  void Learn(SlotTable& table, const Evidence& evidence, size_t head,
             const Lesson& lesson);
  // For Foresight::Save and Load.
  template <typename Archive>
  void Persist(Archive& archive) {
    archive(shared_, gated_, lessons_);
  }

 private:
  std::array<Lanes, kMaxContexts> shared_;
  std::array<std::array<Lanes, kMaxContexts>, kGates> gated_{};
  PerHead lessons_{};
};

}  // namespace warmup::foresight

#endif  // WARMUP_CORE_FORESIGHT_MIXER_H_
