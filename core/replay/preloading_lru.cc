#include "core/replay/preloading_lru.h"

#include <vector>

namespace warmup::replay {

bool PreloadingLru::MakeRoomForGuess(
    shadow::Micros now, shadow::ItemId guess,
    const std::function<bool(shadow::ItemId)>& may_go) {
  int64_t lacking = machine().CostOf(guess).size - machine().Free();
  std::vector<shadow::ItemId> victims;
  for (const auto& [touch, item] : order()) {
    if (lacking <= 0) break;
    if (!may_go(item)) continue;
    victims.push_back(item);
    lacking -= machine().CostOf(item).size;
  }
  if (lacking > 0) return false;
  for (const shadow::ItemId victim : victims) machine().Evict(now, victim);
  return true;
}

}  // namespace warmup::replay
