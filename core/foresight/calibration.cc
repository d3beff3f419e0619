#include "core/foresight/calibration.h"

#include <algorithm>

namespace warmup::foresight {
namespace {

constexpr float kBetweenKnots = 0.66F;
// Cases that the identity, which it begins with, counts for.
constexpr float kPriorCases = 50;
constexpr float kSlowest = 2e-4F;

}  // namespace

Calibration::Calibration() {
  const float middle = static_cast<float>(kKnots - 1) / 2;
  for (size_t i = 0; i < kKnots; ++i) {
    means_[i] = Squash((static_cast<float>(i) - middle) * kBetweenKnots);
  }
}

Calibration::Place Calibration::PlaceOf(float log_odds) {
  const auto last = static_cast<float>(kKnots - 1);
  const float at =
      std::clamp(log_odds / kBetweenKnots + last / 2, 0.0F, last - 0.001F);
  const auto knot = static_cast<size_t>(at);
  return {knot, at - static_cast<float>(knot)};
}

float Calibration::ProbabilityOf(float log_odds) const {
  const Place place = PlaceOf(log_odds);
  return means_[place.knot] * (1 - place.beyond) +
         means_[place.knot + 1] * place.beyond;
}

void Calibration::Learn(float log_odds, const Lesson& lesson) {
  const Place place = PlaceOf(log_odds);
  for (const bool is_next : {false, true}) {
    const size_t knot = place.knot + (is_next ? 1 : 0);
    const float share =
        lesson.weight * (is_next ? place.beyond : 1 - place.beyond);
    cases_[knot] += share;
    const float rate =
        share * std::max(1 / (cases_[knot] + kPriorCases), kSlowest);
    means_[knot] += (lesson.outcome - means_[knot]) * std::min(rate, 1.0F);
  }
}

}  // namespace warmup::foresight
