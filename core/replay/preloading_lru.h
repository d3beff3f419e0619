#ifndef WARMUP_CORE_REPLAY_PRELOADING_LRU_H_
#define WARMUP_CORE_REPLAY_PRELOADING_LRU_H_

#include <functional>

#include "core/shadow/lru.h"

namespace warmup::replay {

// LRU for policies that also load unasked.
class PreloadingLru : public shadow::Lru {
 protected:
  using Lru::Lru;

  // Evicts ready items that `may_go`, the least recently used first, until
  // `guess` fits; false, and nothing is evicted, where that is not enough.
  bool MakeRoomForGuess(shadow::Micros now, shadow::ItemId guess,
                        const std::function<bool(shadow::ItemId)>& may_go);
};

}  // namespace warmup::replay

#endif  // WARMUP_CORE_REPLAY_PRELOADING_LRU_H_
