#include "core/replay/markov.h"

namespace warmup::replay {

void Markov::OnRequest(const shadow::Request& request,
                       shadow::Outcome outcome) {
  PreloadingLru::OnRequest(request, outcome);
  const auto [last, is_first] = last_.try_emplace(request.user, request.item);
  if (!is_first) {
    Followers& followers = followers_[{request.user, last->second}];
    const int64_t count = ++followers.counts[request.item];
    if (followers.best == shadow::kNoItem ||
        count >= followers.counts[followers.best]) {
      followers.best = request.item;
    }
    last->second = request.item;
  }
  current_ = request.item;
  guess_ = followers_[{request.user, request.item}].best;
}

shadow::ItemId Markov::Preload(shadow::Micros now) {
  if (guess_ == shadow::kNoItem || !machine().IsCold(guess_) ||
      !MakeRoomForGuess(now, guess_, [this](shadow::ItemId item) {
        return item != current_;
      })) {
    return shadow::kNoItem;
  }
  return std::exchange(guess_, shadow::kNoItem);
}

}  // namespace warmup::replay
