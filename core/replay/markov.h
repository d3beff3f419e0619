#ifndef WARMUP_CORE_REPLAY_MARKOV_H_
#define WARMUP_CORE_REPLAY_MARKOV_H_

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "core/replay/preloading_lru.h"

namespace warmup::replay {

// LRU that loads, after each request, what has most often followed that item
// in its user's requests; of equals, what did so last. Everything may go for
// it but what was just asked for.
class Markov : public PreloadingLru {
 public:
  explicit Markov(shadow::Machine& machine) : PreloadingLru(machine) {}

  void OnRequest(const shadow::Request& request,
                 shadow::Outcome outcome) override;
  shadow::ItemId Preload(shadow::Micros now) override;

 private:
  // What came after one item.
  struct Followers {
    absl::flat_hash_map<shadow::ItemId, int64_t> counts;
    shadow::ItemId best = shadow::kNoItem;
  };

  absl::flat_hash_map<int32_t, shadow::ItemId> last_;  // by user
  absl::flat_hash_map<std::pair<int32_t, shadow::ItemId>, Followers>
      followers_;  // by user and item
  shadow::ItemId current_ = shadow::kNoItem;
  shadow::ItemId guess_ = shadow::kNoItem;
};

}  // namespace warmup::replay

#endif  // WARMUP_CORE_REPLAY_MARKOV_H_
