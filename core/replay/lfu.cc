#include "core/replay/lfu.h"

namespace warmup::replay {

void Lfu::OnRequest(const shadow::Request& request, shadow::Outcome outcome) {
  Uses& uses = uses_[request.item];
  ++uses.first;
  uses.second = ++requests_;
  if (outcome == shadow::Outcome::kWarm) order_.Put(request.item, uses);
}

void Lfu::OnReady(shadow::Micros /*now*/, shadow::ItemId item) {
  order_.Put(item, uses_[item]);
}

void Lfu::OnEvicted(shadow::Micros /*now*/, shadow::ItemId item) {
  order_.Remove(item);
}

bool Lfu::MakeRoom(shadow::Micros now, shadow::ItemId /*needed*/) {
  if (order_.empty()) return false;
  machine_.Evict(now, order_.first().second);
  return true;
}

}  // namespace warmup::replay
