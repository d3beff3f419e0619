#include "core/replay/hybrid.h"

namespace warmup::replay {

void Hybrid::OnRequest(const shadow::Request& request,
                       shadow::Outcome outcome) {
  Lru::OnRequest(request, outcome);
  Item& item = items_[request.item];
  if (item.last_request != kUnset) {
    item.idle_times.Record(request.at - item.last_request);
  }
  item.last_request = request.at;
  item.windows = item.idle_times.Decide();
  item.prewarm_at = kUnset;
  item.keep_until = kUnset;
  item.is_prewarmed = false;
  std::erase(wishes_, request.item);
  if (outcome == shadow::Outcome::kWarm) Arm(request.at, request.item);
}

void Hybrid::OnReady(shadow::Micros now, shadow::ItemId id) {
  Lru::OnReady(now, id);
  const Item& item = items_[id];
  if (item.is_prewarmed) {
    KeepUntil(
        item.last_request + item.windows.prewarm + item.windows.keep_alive, id);
  } else {
    Arm(now, id);
  }
}

void Hybrid::OnTimer(shadow::Micros now, int64_t token) {
  const auto id = static_cast<shadow::ItemId>(token / kTimers);
  Item& item = items_[id];
  if (token % kTimers == kKeepAlive) {
    if (item.keep_until != kUnset && item.keep_until <= now) {
      machine().Evict(now, id);
    }
  } else if (item.prewarm_at != kUnset && item.prewarm_at <= now) {
    item.prewarm_at = kUnset;
    item.is_prewarmed = true;
    item.keep_until = now + item.windows.keep_alive;  // of the wish
    wishes_.push_back(id);
  }
}

// The newest wish that is not too late, whatever has to go for it.
shadow::ItemId Hybrid::Preload(shadow::Micros now) {
  for (size_t i = wishes_.size(); i-- > 0;) {
    const shadow::ItemId id = wishes_[i];
    if (!machine().IsCold(id) || items_[id].keep_until <= now) {
      wishes_.erase(wishes_.begin() + static_cast<std::ptrdiff_t>(i));
      continue;
    }
    const int64_t size = machine().CostOf(id).size;
    while (size > machine().Free() && MakeRoom(now, id)) {
    }
    if (size > machine().Free()) continue;
    wishes_.erase(wishes_.begin() + static_cast<std::ptrdiff_t>(i));
    return id;
  }
  return shadow::kNoItem;
}

// Its windows begin.
void Hybrid::Arm(shadow::Micros now, shadow::ItemId id) {
  Item& item = items_[id];
  if (item.windows.prewarm == 0) {
    KeepUntil(now + item.windows.keep_alive, id);
    return;
  }
  item.prewarm_at = now + item.windows.prewarm;
  machine().SetTimer(item.prewarm_at, id * kTimers + kPrewarm);
  machine().Evict(now, id);
}

void Hybrid::KeepUntil(shadow::Micros until, shadow::ItemId id) {
  items_[id].keep_until = until;
  machine().SetTimer(until, id * kTimers + kKeepAlive);
}

}  // namespace warmup::replay
