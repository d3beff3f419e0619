#include "core/foresight/selector.h"

#include <algorithm>
#include <cmath>

namespace warmup::foresight {
namespace {

constexpr size_t kLru = 0;
// Behind LRU by this share of its loss, and a load for each of these items, or
// for half of those in memory: to follow another one may cost as much. And how
// many below that the guard ends.
constexpr double kBoundShare = 0.02;
constexpr double kBoundLoads = 4;
constexpr double kBoundHeld = 0.5;
constexpr double kGuardEnds = 0.5;
// A miss of LRU makes what was before it count this much less.
constexpr double kForget = 1.0 / 150;
// In loads of twice the mean time: what a shadow must have saved for the guard
// to end, and what a leader must be ahead.
constexpr double kSavedLoads = 10;
constexpr double kLeadLoads = 4;
constexpr double kLeadShare = 0.05;
constexpr double kRisk = 0.25;

}  // namespace

Selector::Selector(size_t experts, size_t first)
    : current_(first), last_(experts), recent_(experts), saved_(experts) {}

void Selector::Follow(size_t expert) {
  if (expert != current_) ++switches_;
  current_ = expert;
}

size_t Selector::Choose(const Losses& losses) {
  const double kept = std::pow(1 - kForget, losses.new_misses);
  const double lru_step = losses.experts[kLru] - last_[kLru];
  for (size_t e = 0; e < last_.size(); ++e) {
    const double step = losses.experts[e] - last_[e];
    last_[e] = losses.experts[e];
    recent_[e] = recent_[e] * kept + step;
    if (is_guarded_) saved_[e] = std::max(0.0, saved_[e] + lru_step - step);
  }
  const double load = 2 * losses.mean_load;
  const double behind = losses.reality - losses.experts[kLru];
  const double bound =
      kBoundShare * losses.experts[kLru] +
      std::max(kBoundLoads, kBoundHeld * static_cast<double>(losses.held)) *
          load;
  if (!is_guarded_) {
    if (behind < bound) allowed_ = 0;
    if (behind > bound + allowed_) {
      is_guarded_ = true;
      allowed_ = 0;
      std::fill(saved_.begin(), saved_.end(), 0.0);
      Follow(kLru);
      return current_;
    }
  } else if (behind < bound - kGuardEnds * load) {
    is_guarded_ = false;
  } else {
    const auto most = std::max_element(saved_.begin(), saved_.end());
    if (*most > kSavedLoads * load) {
      is_guarded_ = false;
      allowed_ = std::max(0.0, behind - bound) + kRisk * *most;
      Follow(static_cast<size_t>(most - saved_.begin()));
      // What was before the guard has led to it, and no longer counts.
      for (size_t e = 0; e < saved_.size(); ++e) recent_[e] = -saved_[e];
    }
    return current_;
  }
  const auto least = std::min_element(recent_.begin(), recent_.end());
  if (recent_[current_] - *least >
      kLeadLoads * load + kLeadShare * std::abs(recent_[current_])) {
    Follow(static_cast<size_t>(least - recent_.begin()));
  }
  return current_;
}

}  // namespace warmup::foresight
