#ifndef WARMUP_CORE_REPLAY_RECENT_POPULARITY_H_
#define WARMUP_CORE_REPLAY_RECENT_POPULARITY_H_

#include <deque>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "core/replay/preloading_lru.h"

namespace warmup::replay {

// LRU that loads what had the most requests within the last hour and is not
// there; of equals, what was requested last. Only what had fewer may go for it.
class RecentPopularity : public PreloadingLru {
 public:
  explicit RecentPopularity(shadow::Machine& machine)
      : PreloadingLru(machine) {}

  void OnRequest(const shadow::Request& request,
                 shadow::Outcome outcome) override;
  shadow::ItemId Preload(shadow::Micros now) override;

 private:
  using Uses = std::pair<int64_t, int64_t>;  // how many, which was the last

  void Forget(shadow::Micros now);

  int64_t requests_ = 0;
  std::deque<std::pair<shadow::Micros, shadow::ItemId>> window_;
  absl::flat_hash_map<shadow::ItemId, Uses> uses_;  // in the window
};

}  // namespace warmup::replay

#endif  // WARMUP_CORE_REPLAY_RECENT_POPULARITY_H_
