#include "core/shadow/lru.h"

namespace warmup::shadow {

void Lru::OnRequest(const Request& request, Outcome outcome) {
  if (outcome != Outcome::kCold) Touch(request.item);
}

void Lru::OnStart(Micros /*now*/, ItemId item) { Touch(item); }

void Lru::OnReady(Micros /*now*/, ItemId item) {
  order_.Put(item, touched_[item]);
}

void Lru::OnEvicted(Micros /*now*/, ItemId item) { order_.Remove(item); }

bool Lru::MakeRoom(Micros now, ItemId /*needed*/) {
  if (order_.empty()) return false;
  machine_.Evict(now, order_.first().second);
  return true;
}

void Lru::Touch(ItemId item) {
  touched_[item] = ++touches_;
  if (machine_.IsReady(item)) order_.Put(item, touches_);
}

}  // namespace warmup::shadow
