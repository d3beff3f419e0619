#include "adapters/engines/llama_swap/unload_watch.h"

#include <utility>

namespace warmup::llama_swap {
namespace {

// llama-swap looks once a second who has been idle for too long.
constexpr absl::Duration kTtlTolerance = absl::Seconds(2);

}  // namespace

void UnloadWatch::Observe(const std::vector<FeedMessage::ModelState>& states,
                          absl::Time now, const RequestWatch& requests) {
  bool has_start = false;
  is_stopping_ = false;
  for (const FeedMessage::ModelState& model : states) {
    const auto [it, is_new] = seen_.try_emplace(model.name);
    Seen& seen = it->second;
    const ProcessState before = std::exchange(seen.state, model.state);
    if (model.state == ProcessState::kStopping) {
      is_stopping_ = true;
      if (before == ProcessState::kReady) {
        seen.is_by_hand = IsByHand(model.name, now, requests);
      }
    } else if (model.state == ProcessState::kStopped) {
      if (std::exchange(seen.is_by_hand, false)) seen.unloaded_at = now;
    } else {
      seen.is_by_hand = false;
      seen.unloaded_at = absl::InfiniteFuture();
      if (before != ProcessState::kStopped || is_new) continue;
      has_start = true;
      given_up_.erase(model.name);
    }
  }
  if (!has_start) return;
  // Those that stopped before have made room for it.
  for (auto& [name, seen] : seen_) seen.unloaded_at = absl::InfiniteFuture();
}

bool UnloadWatch::IsByHand(const std::string& model, absl::Time now,
                           const RequestWatch& requests) const {
  const auto ttl = ttls_.find(model);
  if (given_up_.contains(model) || ttl == ttls_.end()) return false;
  return ttl->second == absl::ZeroDuration() ||
         now - requests.LastEnd(model) < ttl->second - kTtlTolerance;
}

void UnloadWatch::Forget() {
  seen_.clear();
  is_stopping_ = false;
}

void UnloadWatch::SetTtl(const std::string& model, absl::Duration ttl) {
  ttls_[model] = ttl;
}

bool UnloadWatch::TakeUnloaded(std::string_view model, absl::Time now) {
  const auto it = seen_.find(model);
  if (it == seen_.end() || is_stopping_ ||
      now < it->second.unloaded_at + kSwapTime) {
    return false;
  }
  it->second.unloaded_at = absl::InfiniteFuture();
  return true;
}

}  // namespace warmup::llama_swap
