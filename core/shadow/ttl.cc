#include "core/shadow/ttl.h"

namespace warmup::shadow {

void Ttl::OnRequest(const Request& request, Outcome outcome) {
  Lru::OnRequest(request, outcome);
  if (outcome == Outcome::kWarm) Arm(request.at, request.item);
}

void Ttl::OnReady(Micros now, ItemId item) {
  Lru::OnReady(now, item);
  Arm(now, item);
}

void Ttl::OnTimer(Micros now, int64_t token) {
  const auto item = static_cast<ItemId>(token);
  if (until_[item] <= now) machine().Evict(now, item);
}

void Ttl::Arm(Micros now, ItemId item) {
  until_[item] = now + ttl_;
  machine().SetTimer(until_[item], item);
}

}  // namespace warmup::shadow
