#ifndef WARMUP_CORE_FORESIGHT_HOLDING_H_
#define WARMUP_CORE_FORESIGHT_HOLDING_H_

#include "core/foresight/heads.h"

namespace warmup::foresight {

struct HeldItem {
  double age = 0;   // seconds since its last use
  double load = 0;  // seconds that its next use waits if it is not held
  double rate = 0;  // what holding it costs a second, in seconds of waiting
};

// Holding an item until it is used, or for a time at most: what that is
// expected to save and to cost, in seconds of waiting.
struct Holding {
  double saved = 0;
  double cost = 0;
};

// For the time at most that is best; zero: not at all. Between two horizons the
// rate of uses falls as one over the age.
Holding BestHolding(const PerHead& chances, const HeldItem& item);

}  // namespace warmup::foresight

#endif  // WARMUP_CORE_FORESIGHT_HOLDING_H_
