#ifndef WARMUP_CORE_REPLAY_TTL_H_
#define WARMUP_CORE_REPLAY_TTL_H_

#include "core/shadow/lru.h"
#include "core/shadow/per_item.h"

namespace warmup::replay {

// Keep-alive: evicts an item a fixed time after its last request, or after its
// load if that ended later; before that, the least recently used when room is
// needed.
class Ttl : public shadow::Lru {
 public:
  Ttl(shadow::Machine& machine, shadow::Micros ttl) : Lru(machine), ttl_(ttl) {}

  void OnRequest(const shadow::Request& request,
                 shadow::Outcome outcome) override;
  void OnReady(shadow::Micros now, shadow::ItemId item) override;
  void OnTimer(shadow::Micros now, int64_t token) override;

 private:
  void Arm(shadow::Micros now, shadow::ItemId item);

  const shadow::Micros ttl_;
  shadow::PerItem<shadow::Micros> until_;
};

}  // namespace warmup::replay

#endif  // WARMUP_CORE_REPLAY_TTL_H_
