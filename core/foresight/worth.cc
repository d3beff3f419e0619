#include "core/foresight/worth.h"

#include <algorithm>

namespace warmup::foresight {
namespace {

using Weights = std::array<double, kHeads>;

constexpr Weights kKeep = {1, .5, .5, .5, .5, .5};
constexpr Weights kFetch = {1, .3, .3, .1, .1, 0};

double Sum(const PerHead& chances, const Weights& weights) {
  double sum = 0;
  for (size_t h = 0; h < kHeads; ++h) {
    sum += weights[h] * static_cast<double>(chances[h]);
  }
  return sum;
}

}  // namespace

void Worth::Update(shadow::Micros now, const Forecaster& forecaster) {
  for (const shadow::ItemId item : forecaster.renewed()) {
    const PerHead& chances = forecaster.ChanceOf(item);
    const shadow::ItemCost& cost = (*costs_)[static_cast<size_t>(item)];
    const double load = static_cast<double>(cost.load) * 1e-6 * cost.weight;
    keep_[item] = load * Sum(chances, kKeep);
    fetch_[item] = load * Sum(chances, kFetch);
    if (price_ > 0) {
      const Holding holding = BestHolding(
          chances, {.age = forecaster.AgeOf(item, now),
                    .load = load,
                    .rate = price_ * static_cast<double>(cost.size)});
      is_dear_[item] = holding.saved <= holding.cost;
      fetch_[item] = std::min(fetch_[item], holding.saved) - holding.cost;
    }
    if (is_listed_[item]) continue;
    is_listed_[item] = true;
    fetched_.push_back(item);
  }
  const auto is_before = [&](shadow::ItemId a, shadow::ItemId b) {
    return fetch(a) > fetch(b) || (fetch(a) == fetch(b) && a < b);
  };
  const size_t count = std::min(kMostFetched, fetched_.size());
  const auto last = fetched_.begin() + static_cast<std::ptrdiff_t>(count);
  std::nth_element(fetched_.begin(), last - (count > 0 ? 1 : 0), fetched_.end(),
                   is_before);
  std::sort(fetched_.begin(), last, is_before);
  for (auto item = last; item != fetched_.end(); ++item) {
    is_listed_[*item] = false;
  }
  fetched_.resize(count);
}

}  // namespace warmup::foresight
