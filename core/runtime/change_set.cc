#include "core/runtime/change_set.h"

#include <utility>
#include <variant>

#include "core/base/limits.h"

namespace warmup {
namespace {

// What a change is about. A model's removal is a thing of its own: it takes
// the measurements along, so a later PutModel does not make up for it.
struct KeyOf {
  std::string operator()(const PutModel& change) const {
    return "model " + change.spec.id;
  }
  std::string operator()(const DeleteModel& change) const {
    return "removed " + change.id;
  }
  std::string operator()(const PutMeasurements& change) const {
    return "measured " + change.id;
  }
  std::string operator()(const PutSession& change) const {
    return "session " + change.session.id;
  }
  std::string operator()(const DeleteSession& change) const {
    return "session " + change.id;
  }
  std::string operator()(const PutPolicy&) const { return "policy"; }
  std::string operator()(const PutForesight&) const { return "foresight"; }
  std::string operator()(const PutEngine& change) const {
    return "engine " + change.spec.endpoint;
  }
  // Every event counts, and every use.
  std::string operator()(const AppendEvent&) const { return ""; }
  std::string operator()(const AppendUse&) const { return ""; }
};

}  // namespace

void ChangeSet::Add(StoreChange change) {
  if (const auto* removed = std::get_if<DeleteModel>(&change)) {
    Forget("model " + removed->id);
    Forget("measured " + removed->id);
  }
  const std::string key = std::visit(KeyOf{}, change);
  if (!key.empty()) return Put(key, std::move(change));
  if (std::holds_alternative<AppendEvent>(change)) {
    Append(std::move(change), limits::kStoredEvents, events_);
  } else {
    Append(std::move(change), limits::kMaxUnsavedUses, uses_);
  }
}

std::vector<StoreChange> ChangeSet::Take() {
  std::vector<StoreChange> changes;
  changes.reserve(changes_.size());
  for (auto& [position, change] : changes_) {
    changes.push_back(std::move(change));
  }
  changes_.clear();
  by_key_.clear();
  events_.clear();
  uses_.clear();
  return changes;
}

void ChangeSet::Append(StoreChange change, size_t most,
                       std::deque<Position>& kind) {
  if (kind.size() == most) {
    changes_.erase(kind.front());
    kind.pop_front();
  }
  kind.push_back(next_);
  changes_.emplace(next_++, std::move(change));
}

void ChangeSet::Put(const std::string& key, StoreChange change) {
  Forget(key);
  by_key_[key] = next_;
  changes_.emplace(next_++, std::move(change));
}

void ChangeSet::Forget(const std::string& key) {
  const auto it = by_key_.find(key);
  if (it == by_key_.end()) return;
  changes_.erase(it->second);
  by_key_.erase(it);
}

}  // namespace warmup
