#include "adapters/engines/kserve/unload_watch.h"

namespace warmup::kserve {

void UnloadWatch::Observe(absl::Time asked, const Index& index) {
  std::erase_if(own_, [&](const auto& own) { return own.second < asked; });
  for (const auto& [model, entry] : index) {
    if (own_.contains(model)) continue;
    if (entry.state == ModelState::kReady) {
      ready_.insert(model);
    } else if (ready_.erase(model) > 0 && entry.was_unloaded) {
      unloaded_.insert(model);
    }
  }
  // Of models that are no longer there at all, nothing is told.
  const auto is_gone = [&](const std::string& model) {
    return !index.contains(model);
  };
  std::erase_if(ready_, is_gone);
  std::erase_if(unloaded_, is_gone);
}

void UnloadWatch::BeginOwn(const std::string& model) {
  ready_.erase(model);
  unloaded_.erase(model);
  own_[model] = absl::InfiniteFuture();
}

void UnloadWatch::EndOwn(const std::string& model, absl::Time now) {
  own_[model] = now;
}

bool UnloadWatch::Take(std::string_view model) {
  const auto it = unloaded_.find(model);
  if (it == unloaded_.end()) return false;
  unloaded_.erase(it);
  return true;
}

void UnloadWatch::Forget() {
  ready_.clear();
  unloaded_.clear();
}

}  // namespace warmup::kserve
