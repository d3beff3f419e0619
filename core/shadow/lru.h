#ifndef WARMUP_CORE_SHADOW_LRU_H_
#define WARMUP_CORE_SHADOW_LRU_H_

#include "core/shadow/machine.h"
#include "core/shadow/per_item.h"
#include "core/shadow/ranked.h"

namespace warmup::shadow {

// Evicts what was used longest ago; loads nothing unasked. An item is used
// when it is requested while it is in memory or on its way, and when a load of
// it starts.
class Lru : public Policy {
 public:
  // `machine` outlives the policy.
  explicit Lru(Machine& machine) : machine_(machine) {}

  void OnRequest(const Request& request, Outcome outcome) override;
  void OnStart(Micros now, ItemId item) override;
  void OnReady(Micros now, ItemId item) override;
  void OnEvicted(Micros now, ItemId item) override;
  bool MakeRoom(Micros now, ItemId needed) override;

 protected:
  Machine& machine() { return machine_; }
  // Ready items, the least recently used first.
  const Ranked<int64_t>& order() const { return order_; }

 private:
  void Touch(ItemId item);

  Machine& machine_;
  int64_t touches_ = 0;
  PerItem<int64_t> touched_;  // which touch was its last
  Ranked<int64_t> order_;
};

}  // namespace warmup::shadow

#endif  // WARMUP_CORE_SHADOW_LRU_H_
