#ifndef WARMUP_CORE_REPLAY_FUTURE_H_
#define WARMUP_CORE_REPLAY_FUTURE_H_

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "core/replay/catalogue.h"
#include "core/replay/stream.h"
#include "core/shadow/machine.h"
#include "core/shadow/per_item.h"

namespace warmup::replay {

// All requests of one machine that are still to come. For yardsticks: nobody
// has it.
class Future {
 public:
  static constexpr shadow::Micros kNever =
      std::numeric_limits<shadow::Micros>::max();

  // `stream` outlives it.
  Future(const Stream& stream, const Catalogue& catalogue);

  // One request of it has come.
  void Pass(shadow::ItemId item) { ++items_[item].passed; }
  // When it is requested next.
  shadow::Micros NextTime(shadow::ItemId item);
  // As which request of the machine; kNever: not again.
  int64_t NextPlace(shadow::ItemId item);

 private:
  struct Item {
    std::vector<uint32_t> places;
    size_t passed = 0;
  };

  std::span<const shadow::Request> requests_;
  shadow::PerItem<Item> items_;
};

}  // namespace warmup::replay

#endif  // WARMUP_CORE_REPLAY_FUTURE_H_
