#include "adapters/engines/llama_server/activity_watch.h"

#include <algorithm>
#include <utility>

#include "adapters/engines/http/json_answer.h"

namespace warmup::llama_server {
namespace {

bool IsUp(const Shown& model) {
  return model.status == ModelStatus::kLoaded ||
         model.status == ModelStatus::kSleeping;
}

int64_t CountUses(const std::vector<int64_t>& before,
                  const std::vector<int64_t>& now) {
  int64_t uses = 0;
  for (size_t i = 0; i < now.size(); ++i) {
    const int64_t mark = i < before.size() ? before[i] : 0;
    if (now[i] != mark && now[i] != 0) ++uses;
  }
  return uses;
}

}  // namespace

void ActivityWatch::Observe(const View& view) {
  if (view.asked < last_asked_) return;
  last_asked_ = view.asked;
  SeenModels seen;
  for (const Shown& model : view.models) {
    if (!IsUp(model) && model.status != ModelStatus::kLoading) continue;
    Seen now = {.port = model.port, .is_up = IsUp(model)};
    const auto before = seen_.find(model.id);
    if (before != seen_.end() && before->second.port == model.port) {
      now.marks = before->second.marks;
      now.silent_since = before->second.silent_since;
    } else if (has_view_) {
      now.marks.emplace();  // it has begun since
    }
    now.silent_since = model.is_silent ? std::min(now.silent_since, view.asked)
                                       : absl::InfiniteFuture();
    if (model.activity.has_value()) {
      const std::vector<int64_t>& marks = model.activity->marks;
      const int64_t uses =
          now.marks.has_value() ? CountUses(*now.marks, marks) : 0;
      if (uses > 0) uses_[model.id] += uses;
      now.marks = marks;
    }
    seen[model.id] = std::move(now);
  }
  NoteUnloaded(view, seen);
  seen_ = std::move(seen);
  has_view_ = true;
  // Nobody asks for them: the names change as fast as the views come.
  if (uses_.size() > json_answer::kMaxListed) uses_.clear();
  if (unloaded_.size() > json_answer::kMaxListed) unloaded_.clear();
}

void ActivityWatch::NoteUnloaded(const View& view, const SeenModels& now) {
  for (const auto& [id, model] : now) {
    if (model.is_up) unloaded_.erase(id);
    // The server may have made room for it.
    if (!seen_.contains(id)) return;
  }
  std::vector<std::string> gone;
  for (const Shown& model : view.models) {
    const auto before = seen_.find(model.id);
    // One with another port was lost with the server that had it.
    if (before == seen_.end() || !before->second.is_up ||
        model.status != ModelStatus::kUnloaded ||
        model.port != before->second.port) {
      continue;
    }
    const absl::Duration silence = view.asked - before->second.silent_since;
    if (!model.has_failed || silence >= kEndingSilence) {
      gone.push_back(model.id);
    }
  }
  // Several at once: the server ends.
  if (gone.size() == 1 && !own_unloads_.contains(gone[0])) {
    unloaded_.insert(gone[0]);
  }
}

void ActivityWatch::BeginUnload(std::string_view id) {
  ++own_unloads_[std::string(id)];
}

void ActivityWatch::EndUnload(std::string_view id, bool is_gone,
                              absl::Time now) {
  const auto it = own_unloads_.find(id);
  if (it != own_unloads_.end() && --it->second == 0) own_unloads_.erase(it);
  if (!is_gone) return;
  // A view from before would show the model once more, and then not.
  last_asked_ = std::max(last_asked_, now);
  const auto seen = seen_.find(id);
  if (seen != seen_.end()) seen_.erase(seen);
}

int64_t ActivityWatch::TakeUses(std::string_view id) {
  const auto it = uses_.find(id);
  if (it == uses_.end()) return 0;
  const int64_t uses = it->second;
  uses_.erase(it);
  return uses;
}

bool ActivityWatch::TakeUnloaded(std::string_view id) {
  return unloaded_.erase(std::string(id)) > 0;
}

void ActivityWatch::Forget() {
  seen_.clear();
  has_view_ = false;
}

}  // namespace warmup::llama_server
