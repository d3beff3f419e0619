#include "core/foresight/holding.h"

#include <algorithm>
#include <cmath>

namespace warmup::foresight {
namespace {

// In how many parts the time between two horizons is looked at.
constexpr int kSteps = 6;
// Seconds: what was used a moment ago is used again at any moment.
constexpr double kYoungest = 2;
// Nothing is certain.
constexpr double kLeastUnused = 1e-3;

}  // namespace

Holding BestHolding(const PerHead& chances, const HeldItem& item) {
  const double age = std::max(item.age, kYoungest);
  Holding best;
  Holding held;
  double time = 0;
  double unused = 1;  // the chance that it was not used by then
  double horizon = 0;
  for (size_t head = kFiveMinutes; head < kHeads; ++head) {
    const double next = static_cast<double>(kHorizon[head]) * 1e-6;
    const double step = std::pow((age + next) / (age + horizon), 1.0 / kSteps);
    const double left =
        std::max(1 - static_cast<double>(chances[head]), kLeastUnused);
    const double kept = std::pow(std::min(left / unused, 1.0), 1.0 / kSteps);
    for (int i = 0; i < kSteps; ++i) {
      const double passed = (age + time) * (step - 1);
      held.cost += item.rate * passed * unused * (1 + kept) / 2;
      unused *= kept;
      time += passed;
      held.saved = item.load * (1 - unused);
      if (held.saved - held.cost > best.saved - best.cost) best = held;
    }
    horizon = next;
  }
  return best;
}

}  // namespace warmup::foresight
