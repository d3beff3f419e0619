#ifndef WARMUP_CORE_SHADOW_ROOM_H_
#define WARMUP_CORE_SHADOW_ROOM_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/shadow/item.h"

namespace warmup::shadow {

// What is missing until one more item has room; nothing where it is not above
// zero.
struct Lack {
  int64_t bytes = 0;
  int items = 0;   // of all, where their number is limited
  int places = 0;  // in the item's group, where that has a number of them
  int32_t group = 0;

  bool IsMet() const { return bytes <= 0 && items <= 0 && places <= 0; }
  // Whether it is less without an item of this cost.
  bool IsHelpedBy(const ItemCost& cost) const {
    return bytes > 0 || items > 0 || (places > 0 && cost.group == group);
  }
  Lack Without(const ItemCost& cost) const { return Less(cost, 1); }
  Lack With(const ItemCost& cost) const { return Less(cost, -1); }

 private:
  Lack Less(const ItemCost& cost, int n) const {
    return {bytes - n * cost.size, items - n,
            cost.group == group ? places - n : places, group};
  }
};

// An item that could make room, as whoever decides sees it.
struct Occupant {
  ItemCost cost;
  double value = 0;     // the more, the longer it stays
  int64_t touched = 0;  // of equal value, what was touched last stays
  ItemId item = kNoItem;
};

enum class EvictBy {
  kValue,  // least value first, until there is room
  // Values are seconds of waiting; least worth for each byte first, or least
  // worth first, whichever loses less.
  kWorth,
};

// Which of `occupants` go for what is lacking, by their places, the first
// first; all that help where they are not enough.
std::vector<size_t> ChooseVictims(const std::vector<Occupant>& occupants,
                                  const Lack& lack, EvictBy order);

}  // namespace warmup::shadow

#endif  // WARMUP_CORE_SHADOW_ROOM_H_
