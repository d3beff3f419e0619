#include "core/replay/belady.h"

namespace warmup::replay {

void Belady::OnRequest(const shadow::Request& request,
                       shadow::Outcome /*outcome*/) {
  future_.Pass(request.item);
}

void Belady::OnReady(shadow::Micros /*now*/, shadow::ItemId item) {
  loaded_[item] = ++loads_;
}

bool Belady::MakeRoom(shadow::Micros now, shadow::ItemId /*needed*/) {
  shadow::ItemId victim = shadow::kNoItem;
  std::pair<shadow::Micros, int64_t> farthest;
  for (const shadow::ItemId item : machine_.ready()) {
    const std::pair place(future_.NextTime(item), -loaded_[item]);
    if (victim == shadow::kNoItem || place > farthest) {
      victim = item;
      farthest = place;
    }
  }
  if (victim == shadow::kNoItem) return false;
  machine_.Evict(now, victim);
  return true;
}

}  // namespace warmup::replay
