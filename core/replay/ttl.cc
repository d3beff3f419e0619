#include "core/replay/ttl.h"

namespace warmup::replay {

void Ttl::OnRequest(const shadow::Request& request, shadow::Outcome outcome) {
  Lru::OnRequest(request, outcome);
  if (outcome == shadow::Outcome::kWarm) Arm(request.at, request.item);
}

void Ttl::OnReady(shadow::Micros now, shadow::ItemId item) {
  Lru::OnReady(now, item);
  Arm(now, item);
}

void Ttl::OnTimer(shadow::Micros now, int64_t token) {
  const auto item = static_cast<shadow::ItemId>(token);
  if (until_[item] <= now) machine().Evict(now, item);
}

void Ttl::Arm(shadow::Micros now, shadow::ItemId item) {
  until_[item] = now + ttl_;
  machine().SetTimer(until_[item], item);
}

}  // namespace warmup::replay
