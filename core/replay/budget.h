#ifndef WARMUP_CORE_REPLAY_BUDGET_H_
#define WARMUP_CORE_REPLAY_BUDGET_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/replay/catalogue.h"

namespace warmup::replay {

// How much memory a machine has: "f0.15", a part of the footprint; "m3", times
// the median item; "b8000", MiB.
struct Budget {
  enum class Unit { kFootprint, kMedian, kMib };

  std::string text;  // as it was written
  Unit unit = Unit::kMib;
  int64_t millionths = 0;  // of the unit
};

// INVALID_ARGUMENT for anything else, and for nothing or more than a million.
absl::StatusOr<Budget> ParseBudget(std::string_view text);

// Rounded down.
int64_t MibOf(const Budget& budget, const Catalogue& catalogue);

}  // namespace warmup::replay

#endif  // WARMUP_CORE_REPLAY_BUDGET_H_
