#ifndef WARMUP_CORE_REPLAY_HYBRID_H_
#define WARMUP_CORE_REPLAY_HYBRID_H_

#include <vector>

#include "core/replay/idle_histogram.h"
#include "core/shadow/lru.h"
#include "core/shadow/per_item.h"

namespace warmup::replay {

// The hybrid histogram policy of "Serverless in the Wild" (see
// idle_histogram.h): each item has its own keep-alive, and where its requests
// leave a gap it is evicted after one and loaded again before the next; LRU
// when room is needed.
class Hybrid : public shadow::Lru {
 public:
  explicit Hybrid(shadow::Machine& machine) : Lru(machine) {}

  void OnRequest(const shadow::Request& request,
                 shadow::Outcome outcome) override;
  void OnReady(shadow::Micros now, shadow::ItemId item) override;
  void OnTimer(shadow::Micros now, int64_t token) override;
  shadow::ItemId Preload(shadow::Micros now) override;

 private:
  static constexpr shadow::Micros kUnset = -1;
  struct Item {
    IdleHistogram idle_times;
    IdleHistogram::Windows windows;
    shadow::Micros last_request = kUnset;
    // The timers that count; earlier ones ring in vain.
    shadow::Micros prewarm_at = kUnset;
    shadow::Micros keep_until = kUnset;
    bool is_prewarmed = false;  // since its last request
  };
  enum Timer : int64_t { kPrewarm, kKeepAlive, kTimers };

  void Arm(shadow::Micros now, shadow::ItemId id);
  void KeepUntil(shadow::Micros until, shadow::ItemId id);

  shadow::PerItem<Item> items_;
  std::vector<shadow::ItemId> wishes_;  // to be loaded; the newest last
};

}  // namespace warmup::replay

#endif  // WARMUP_CORE_REPLAY_HYBRID_H_
