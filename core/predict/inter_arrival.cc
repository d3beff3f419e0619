#include "core/predict/inter_arrival.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

namespace warmup::predict {
namespace {

constexpr double kMaxCount = 1e6;

struct Place {
  size_t gap_class;
  double fraction;  // how far into the class, in [0, 1)
};

Place PlaceOf(double seconds) {
  if (seconds < 2) return {0, std::max(seconds, 0.0) / 2};
  // The exponent and the mantissa, in [1, 2), as a double holds them: this runs
  // hundreds of times a forecast.
  const uint64_t bits = std::bit_cast<uint64_t>(seconds);
  const size_t gap_class = static_cast<size_t>((bits >> 52) - 1023);
  if (gap_class >= GapHistogram::kClasses) {
    return {GapHistogram::kClasses - 1, 1};
  }
  constexpr uint64_t kMantissaBits = (uint64_t{1} << 52) - 1;
  constexpr uint64_t kOne = uint64_t{1023} << 52;
  return {gap_class, std::bit_cast<double>((bits & kMantissaBits) | kOne) - 1};
}

}  // namespace

void GapHistogram::Add(double gap_seconds) {
  if (!(gap_seconds >= 0)) return;
  for (float& count : counts_) count *= keep_;
  counts_[PlaceOf(gap_seconds).gap_class] += 1;
}

GapHistogram::Outlook GapHistogram::After(double quiet_seconds) const {
  // above[k]: the mass of the classes above k.
  std::array<double, kClasses> above;
  above[kClasses - 1] = 0;
  for (size_t k = kClasses - 1; k > 0; --k) {
    above[k - 1] = above[k] + counts_[k];
  }
  const auto mass_above = [&](double seconds) {
    const Place place = PlaceOf(seconds);
    return above[place.gap_class] +
           counts_[place.gap_class] * (1 - place.fraction);
  };
  Outlook outlook;
  outlook.at_risk = mass_above(quiet_seconds);
  if (outlook.at_risk <= 0) return outlook;
  for (size_t h = 0; h < kHorizons; ++h) {
    outlook.within[h] = std::max(
        0.0, outlook.at_risk - mass_above(quiet_seconds + kHorizonSeconds[h]));
  }
  return outlook;
}

double GapHistogram::MedianSeconds() const {
  double total = 0;
  for (float count : counts_) total += count;
  double below = 0;
  for (size_t k = 0; k < kClasses; ++k) {
    if (counts_[k] > 0 && below + counts_[k] >= total / 2) {
      const double low = k == 0 ? 0 : std::ldexp(1.0, static_cast<int>(k));
      const double width = k == 0 ? 2 : low;
      return low + width * (total / 2 - below) / counts_[k];
    }
    below += counts_[k];
  }
  return 0;
}

Horizons GapHistogram::MeanFollowers() const {
  Horizons followers{};
  double total = 0;
  for (const float count : counts_) total += count;
  if (total <= 0) return followers;
  for (size_t h = 0; h < kHorizons; ++h) {
    const double horizon = kHorizonSeconds[h];
    double sum = 0;
    for (size_t k = 0; k < kClasses; ++k) {
      const double low = k == 0 ? 0 : static_cast<double>(1u << k);
      const double high = static_cast<double>(2u << k);
      sum += counts_[k] * std::min(horizon, (low + high) / 2);
    }
    followers[h] = std::max(0.0, horizon * total / sum - 1);
  }
  return followers;
}

void GapHistogram::Restore(const std::array<double, kClasses>& counts) {
  for (size_t k = 0; k < kClasses; ++k) {
    counts_[k] = counts[k] > 0
                     ? static_cast<float>(std::min(counts[k], kMaxCount))
                     : 0.0f;
  }
}

Horizons UninformedPrior(double quiet_seconds) {
  const auto classes_above = [](double seconds) {
    const Place place = PlaceOf(seconds);
    return static_cast<double>(GapHistogram::kClasses - place.gap_class) -
           place.fraction;
  };
  const double at_risk = classes_above(quiet_seconds);
  Horizons prior{};
  if (at_risk <= 0) return prior;
  for (size_t h = 0; h < kHorizons; ++h) {
    prior[h] = 1 - classes_above(quiet_seconds + kHorizonSeconds[h]) / at_risk;
  }
  return prior;
}

Horizons Shrink(const GapHistogram::Outlook& outlook, const Horizons& prior,
                double prior_weight) {
  const double scale = 1 / (outlook.at_risk + prior_weight);
  Horizons result;
  for (size_t h = 0; h < kHorizons; ++h) {
    result[h] = (outlook.within[h] + prior_weight * prior[h]) * scale;
  }
  return result;
}

}  // namespace warmup::predict
