#include "core/foresight/worth.h"

#include <algorithm>

namespace warmup::foresight {
namespace {

using Weights = std::array<double, kHeads>;

constexpr Weights kKeep = {1, .5, .5, .5, .5, 0};
constexpr Weights kFetch = {1, .3, .3, .1, .1, 0};

double Sum(const PerHead& chances, const Weights& weights) {
  double sum = 0;
  for (size_t h = 0; h < kHeads; ++h) {
    sum += weights[h] * static_cast<double>(chances[h]);
  }
  return sum;
}

}  // namespace

void Worth::Update(const Forecaster& forecaster) {
  fetched_ = forecaster.known();
  for (const shadow::ItemId item : fetched_) {
    const PerHead& chances = forecaster.ChanceOf(item);
    const double load =
        static_cast<double>(costs_[static_cast<size_t>(item)].load) * 1e-6;
    keep_[item] = load * Sum(chances, kKeep);
    fetch_[item] = load * Sum(chances, kFetch);
  }
  const size_t count = std::min(kMostFetched, fetched_.size());
  std::partial_sort(
      fetched_.begin(), fetched_.begin() + static_cast<std::ptrdiff_t>(count),
      fetched_.end(),
      [&](shadow::ItemId a, shadow::ItemId b) { return fetch(a) > fetch(b); });
  fetched_.resize(count);
}

}  // namespace warmup::foresight
