#ifndef WARMUP_CORE_REPLAY_LFU_H_
#define WARMUP_CORE_REPLAY_LFU_H_

#include <utility>

#include "core/shadow/machine.h"
#include "core/shadow/per_item.h"
#include "core/shadow/ranked.h"

namespace warmup::replay {

// Evicts what was requested the fewest times since the beginning; of equals,
// what was requested longest ago.
class Lfu : public shadow::Policy {
 public:
  explicit Lfu(shadow::Machine& machine) : machine_(machine) {}

  void OnRequest(const shadow::Request& request,
                 shadow::Outcome outcome) override;
  void OnReady(shadow::Micros now, shadow::ItemId item) override;
  void OnEvicted(shadow::Micros now, shadow::ItemId item) override;
  bool MakeRoom(shadow::Micros now, shadow::ItemId needed) override;

 private:
  using Uses = std::pair<int64_t, int64_t>;  // how many, which was the last

  shadow::Machine& machine_;
  int64_t requests_ = 0;
  shadow::PerItem<Uses> uses_;
  shadow::Ranked<Uses> order_;  // of ready items
};

}  // namespace warmup::replay

#endif  // WARMUP_CORE_REPLAY_LFU_H_
