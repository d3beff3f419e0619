#include "core/foresight/mixer.h"

#include <cmath>

namespace warmup::foresight {
namespace {

constexpr float kFirstWeight = 0.06F;  // about one over the contexts
constexpr float kStep = 0.0016F;
// The most general context's own input: a constant, so that its weight is a
// bias.
constexpr float kBias = 0.3F;
// Weights that all share learn from every class, and so slower.
constexpr float kSharedStep = 0.5F;
// Cases at which a context is trusted by half.
constexpr float kHalfTrust = 3;

float Input(const Slot& slot, float base, size_t head) {
  const float cases = slot.weight[head];
  return (slot.log_odds[head] - base) * (cases / (cases + kHalfTrust));
}

}  // namespace

Mixer::Mixer() {
  for (PerHead& weights : shared_) weights.fill(kFirstWeight);
}

PerHead Mixer::Mix(const SlotTable& table, const Evidence& evidence) const {
  const auto& gated = gated_[evidence.gate];
  const PerHead base = table[evidence.slots[0]].log_odds;
  PerHead mixed = base;
  for (size_t h = 0; h < kHeads; ++h) mixed[h] += kBias * gated[0][h];
  for (size_t c = 1; c < evidence.count; ++c) {
    const Slot& slot = table[evidence.slots[c]];
    for (size_t h = 0; h < kHeads; ++h) {
      mixed[h] += Input(slot, base[h], h) * (gated[c][h] + shared_[c][h]);
    }
  }
  return mixed;
}

void Mixer::Learn(SlotTable& table, const Evidence& evidence, size_t head,
                  float outcome, float weight) {
  auto& gated = gated_[evidence.gate];
  const float base = table[evidence.slots[0]].log_odds[head];
  std::array<float, kMaxContexts> inputs;
  float mixed = base + kBias * gated[0][head];
  float norm = kBias * kBias;
  for (size_t c = 1; c < evidence.count; ++c) {
    inputs[c] = Input(table[evidence.slots[c]], base, head);
    mixed += inputs[c] * (gated[c][head] + shared_[c][head]);
    norm += inputs[c] * inputs[c];
  }
  const float step =
      (outcome - Squash(mixed)) * kStep * weight / (1 + std::sqrt(norm));
  gated[0][head] += step * kBias;
  for (size_t c = 1; c < evidence.count; ++c) {
    gated[c][head] += step * inputs[c];
    shared_[c][head] += step * inputs[c] * kSharedStep;
  }
  for (size_t c = 0; c < evidence.count; ++c) {
    foresight::Learn(table[evidence.slots[c]], head, outcome, weight, mixed);
  }
}

}  // namespace warmup::foresight
