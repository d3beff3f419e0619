#include "core/replay/recent_popularity.h"

namespace warmup::replay {
namespace {

constexpr shadow::Micros kWindow = int64_t{3'600} * 1'000'000;

}  // namespace

void RecentPopularity::OnRequest(const shadow::Request& request,
                                 shadow::Outcome outcome) {
  PreloadingLru::OnRequest(request, outcome);
  Forget(request.at);
  window_.emplace_back(request.at, request.item);
  Uses& uses = uses_[request.item];
  ++uses.first;
  uses.second = ++requests_;
}

shadow::ItemId RecentPopularity::Preload(shadow::Micros now) {
  Forget(now);
  shadow::ItemId best = shadow::kNoItem;
  Uses most;
  for (const auto& [item, uses] : uses_) {
    if (uses > most && machine().IsCold(item)) {
      best = item;
      most = uses;
    }
  }
  if (best == shadow::kNoItem) return best;
  const auto may_go = [this, &most](shadow::ItemId item) {
    const auto it = uses_.find(item);
    return it == uses_.end() || it->second.first < most.first;
  };
  return MakeRoomForGuess(now, best, may_go) ? best : shadow::kNoItem;
}

void RecentPopularity::Forget(shadow::Micros now) {
  while (!window_.empty() && window_.front().first <= now - kWindow) {
    const auto it = uses_.find(window_.front().second);
    if (--it->second.first == 0) uses_.erase(it);
    window_.pop_front();
  }
}

}  // namespace warmup::replay
