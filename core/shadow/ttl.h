#ifndef WARMUP_CORE_SHADOW_TTL_H_
#define WARMUP_CORE_SHADOW_TTL_H_

#include "core/shadow/lru.h"
#include "core/shadow/per_item.h"

namespace warmup::shadow {

// Keep-alive: evicts an item a fixed time after its last request, or after its
// load if that ended later; before that, the least recently used when room is
// needed. Has one timer an item, however often that is requested.
class Ttl : public Lru {
 public:
  // `machine` outlives the policy.
  Ttl(Machine& machine, Micros ttl) : Lru(machine), ttl_(ttl) {}

  void OnRequest(const Request& request, Outcome outcome) override;
  void OnReady(Micros now, ItemId item) override;
  void OnTimer(Micros now, int64_t token) override;

 private:
  void Arm(Micros now, ItemId item);
  void SetTimer(ItemId item);

  struct Life {
    Micros until = 0;
    bool has_timer = false;
  };

  const Micros ttl_;
  PerItem<Life> lives_;
};

}  // namespace warmup::shadow

#endif  // WARMUP_CORE_SHADOW_TTL_H_
