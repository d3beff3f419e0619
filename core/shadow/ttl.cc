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
  Life& life = lives_[item];
  life.has_timer = false;
  if (life.until <= now) {
    machine().Evict(now, item);
  } else if (machine().IsReady(item)) {
    SetTimer(item);
  }
}

void Ttl::Arm(Micros now, ItemId item) {
  Life& life = lives_[item];
  life.until = now + ttl_;
  if (!life.has_timer) SetTimer(item);
}

void Ttl::SetTimer(ItemId item) {
  Life& life = lives_[item];
  life.has_timer = true;
  machine().SetTimer(life.until, item);
}

}  // namespace warmup::shadow
