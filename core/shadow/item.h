#ifndef WARMUP_CORE_SHADOW_ITEM_H_
#define WARMUP_CORE_SHADOW_ITEM_H_

#include <cstdint>

namespace warmup::shadow {

// Times are microseconds from any origin. Sizes are in whatever unit the
// budget is in. Items are numbered from 0 as they become known.
using Micros = int64_t;
using ItemId = int32_t;
inline constexpr ItemId kNoItem = -1;

struct ItemCost {
  int64_t size = 0;
  Micros load = 0;
  int32_t pool = 0;   // of memory: which machine may hold it
  int32_t group = 0;  // of those that share a number of places, e.g. an engine
  double weight = 1;  // how much a second of waiting for it counts

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(size, load, pool, group, weight);
  }
};

}  // namespace warmup::shadow

#endif  // WARMUP_CORE_SHADOW_ITEM_H_
