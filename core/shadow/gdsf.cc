#include "core/shadow/gdsf.h"

#include <algorithm>

namespace warmup::shadow {

void Gdsf::OnRequest(const Request& request, Outcome outcome) {
  ++requests_[request.item];
  // A cold item is ranked when its load starts: the clock may have risen.
  if (outcome != Outcome::kCold) Rank(request.item);
}

void Gdsf::OnStart(Micros /*now*/, ItemId item) { Rank(item); }

void Gdsf::OnReady(Micros /*now*/, ItemId item) {
  order_.Put(item, priorities_[item]);
}

void Gdsf::OnEvicted(Micros /*now*/, ItemId item) {
  order_.Remove(item);
  requests_[item] = 0;
}

bool Gdsf::MakeRoom(Micros now, ItemId /*needed*/) {
  if (order_.empty()) return false;
  const auto [priority, item] = order_.first();
  clock_ = std::max(clock_, priority.first);
  machine_.Evict(now, item);
  return true;
}

void Gdsf::Rank(ItemId item) {
  const ItemCost& cost = machine_.CostOf(item);
  const double worth = static_cast<double>(requests_[item]) *
                       static_cast<double>(cost.load) /
                       static_cast<double>(cost.size);
  priorities_[item] = {clock_ + worth, ++ranks_};
  if (machine_.IsReady(item)) order_.Put(item, priorities_[item]);
}

}  // namespace warmup::shadow
