#include "server/model_feed.h"

#include <utility>

#include "core/base/limits.h"

namespace warmup {

void ModelFeed::Put(const ModelId& id, Change change) {
  Change& newest = changes_[id];
  if (newest.version <= change.version) newest = std::move(change);
}

void ModelFeed::OnObservation(const Observation& observation) {
  if (observation.changed.empty() && observation.removed.empty()) return;
  {
    MutexLock lock(mutex_);
    for (const ModelView& view : observation.changed) {
      Put(view.spec.id, {view.version, view});
    }
    for (const ModelRemoved& removed : observation.removed) {
      Put(removed.id, {removed.version, std::nullopt});
    }
  }
  if (on_change_) on_change_();
}

ModelFeed::Changes ModelFeed::Take() {
  Changes taken;
  MutexLock lock(mutex_);
  taken.swap(changes_);
  return taken;
}

std::vector<ModelId> ModelBoard::Apply(ModelFeed::Changes changes) {
  std::vector<ModelId> news;
  for (auto& [id, change] : changes) {
    const auto gone = removed_.find(id);
    if (gone != removed_.end() && gone->second >= change.version) continue;
    const auto known = models_.find(id);
    if (known != models_.end() && known->second.version > change.version) {
      continue;
    }
    news.push_back(id);
    if (change.view.has_value()) {
      models_[id] = *std::move(change.view);
      removed_.erase(id);
      continue;
    }
    models_.erase(id);
    if (removed_.size() >= limits::kMaxModels) removed_.clear();
    removed_[id] = change.version;
  }
  return news;
}

}  // namespace warmup
