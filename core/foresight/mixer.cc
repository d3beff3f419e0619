#include "core/foresight/mixer.h"

#include <algorithm>
#include <cmath>

namespace warmup::foresight {
namespace {

constexpr float kFirstWeight = 0.06F;  // about one over the contexts
// Steps become shorter with a head's lessons: what few taught is soon mended,
// what many taught is not shaken by each.
constexpr float kFirstStep = 0.01F;
constexpr float kLastStep = 0.0016F;
constexpr float kHalfStepLessons = 20'000;
constexpr float kMostLessons = 1e7F;  // beyond which floats do not count
// The most general context's own input: a constant, so that its weight is a
// bias.
constexpr float kBias = 0.3F;
// Weights that all share learn from every class, and so slower.
constexpr float kSharedStep = 0.5F;
// Cases at which a context is trusted by half.
constexpr float kHalfTrust = 1.5F;

// Cases that the prior counts for.
constexpr float kPriorCases = 2;

// What the most general context says.
float BaseOf(const Slot& general, const Evidence& evidence, size_t head) {
  const float cases = general.weight[head];
  const float prior = evidence.prior[head];
  return prior +
         (general.log_odds[head] - prior) * (cases / (cases + kPriorCases));
}

float Trust(float cases) { return cases / (cases + kHalfTrust); }

// One head of each context, in a row: loops over it become vector code.
using Row = std::array<float, kMaxContexts>;

float DotProduct(const Row& a, const Row& b) {
  Lanes sums{};
  for (size_t c = 0; c < kMaxContexts; c += kLanes) {
    for (size_t i = 0; i < kLanes; ++i) sums[i] += a[c + i] * b[c + i];
  }
  float sum = 0;
  for (const float part : sums) sum += part;
  return sum;
}

}  // namespace

Mixer::Mixer() {
  for (Lanes& weights : shared_) weights.fill(kFirstWeight);
}

PerHead Mixer::Mix(const SlotTable& table, const Evidence& evidence) const {
  const auto& gated = gated_[evidence.gate];
  const Slot& general = table[evidence.slots[0]];
  Lanes base;
  Lanes mixed;
  for (size_t h = 0; h < kLanes; ++h) {
    base[h] = BaseOf(general, evidence, h);
    mixed[h] = base[h] + kBias * gated[0][h];
  }
  for (size_t c = 1; c < evidence.count; ++c) {
    const Slot& slot = table[evidence.slots[c]];
    for (size_t h = 0; h < kLanes; ++h) {
      mixed[h] += (slot.log_odds[h] - base[h]) * Trust(slot.weight[h]) *
                  (gated[c][h] + shared_[c][h]);
    }
  }
  PerHead heads;
  std::copy_n(mixed.begin(), kHeads, heads.begin());
  return heads;
}

std::array<float, kMaxContexts> Mixer::PartsOf(const SlotTable& table,
                                               const Evidence& evidence,
                                               size_t head) const {
  const auto& gated = gated_[evidence.gate];
  const float base = BaseOf(table[evidence.slots[0]], evidence, head);
  Row parts{};
  parts[0] = base + kBias * gated[0][head];
  for (size_t c = 1; c < evidence.count; ++c) {
    const Slot& slot = table[evidence.slots[c]];
    parts[c] = (slot.log_odds[head] - base) * Trust(slot.weight[head]) *
               (gated[c][head] + shared_[c][head]);
  }
  return parts;
}

void Mixer::Learn(SlotTable& table, const Evidence& evidence, size_t head,
                  const Lesson& lesson) {
  auto& gated = gated_[evidence.gate];
  const float base = BaseOf(table[evidence.slots[0]], evidence, head);
  Row log_odds;
  log_odds.fill(base);
  Row cases{};
  Row weights{};
  for (size_t c = 0; c < evidence.count; ++c) {
    const Slot& slot = table[evidence.slots[c]];
    log_odds[c] = slot.log_odds[head];
    cases[c] = slot.weight[head];
    weights[c] = gated[c][head] + (c == 0 ? 0 : shared_[c][head]);
  }
  Row inputs;
  for (size_t c = 0; c < kMaxContexts; ++c) {
    inputs[c] = (log_odds[c] - base) * Trust(cases[c]);
  }
  inputs[0] = kBias;
  const float mixed = base + DotProduct(inputs, weights);
  const float length = kLastStep + (kFirstStep - kLastStep) * kHalfStepLessons /
                                       (kHalfStepLessons + lessons_[head]);
  lessons_[head] = std::min(lessons_[head] + 1, kMostLessons);
  const float step = (lesson.outcome - Squash(mixed)) * length * lesson.weight /
                     (1 + std::sqrt(DotProduct(inputs, inputs)));
  // A slot's first case starts from what the others say.
  for (size_t c = 0; c < evidence.count; ++c) {
    if (cases[c] == 0) log_odds[c] = Stretch(Squash(mixed));
  }
  Follow(lesson, log_odds, cases);
  for (size_t c = 0; c < evidence.count; ++c) {
    gated[c][head] += step * inputs[c];
    shared_[c][head] += step * inputs[c] * kSharedStep;
    Slot& slot = table[evidence.slots[c]];
    slot.log_odds[head] = log_odds[c];
    slot.weight[head] = cases[c];
  }
}

}  // namespace warmup::foresight
