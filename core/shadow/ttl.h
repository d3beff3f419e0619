#ifndef WARMUP_CORE_SHADOW_TTL_H_
#define WARMUP_CORE_SHADOW_TTL_H_

#include "core/shadow/lru.h"
#include "core/shadow/per_item.h"

namespace warmup::shadow {

// Keep-alive: evicts an item a fixed time after its last request, or after its
// load if that ended later; before that, the least recently used when room is
// needed.
class Ttl : public Lru {
 public:
  // `machine` outlives the policy.
  Ttl(Machine& machine, Micros ttl) : Lru(machine), ttl_(ttl) {}

  void OnRequest(const Request& request, Outcome outcome) override;
  void OnReady(Micros now, ItemId item) override;
  void OnTimer(Micros now, int64_t token) override;

 private:
  void Arm(Micros now, ItemId item);

  const Micros ttl_;
  PerItem<Micros> until_;
};

}  // namespace warmup::shadow

#endif  // WARMUP_CORE_SHADOW_TTL_H_
