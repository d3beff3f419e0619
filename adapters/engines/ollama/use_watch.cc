#include "adapters/engines/ollama/use_watch.h"

#include <algorithm>
#include <utility>

#include "adapters/engines/http/json_answer.h"

namespace warmup::ollama {
namespace {

bool IsNear(absl::Time a, absl::Time b) {
  return a - kOwnTolerance <= b && b <= a + kOwnTolerance;
}

}  // namespace

void UseWatch::Observe(const View& view, const ModelBook& book) {
  if (view.asked < last_asked_) return;
  const bool is_first_view = last_asked_ == absl::InfinitePast();
  last_asked_ = view.asked;
  std::map<std::string, Seen, std::less<>> seen;
  for (const RunningModel& model : view.running) {
    std::string name = FullName(model.name);
    const bool is_own_call = HasOwnCall(model, book);
    const auto before = seen_.find(name);
    Seen now;
    if (before != seen_.end()) {
      now = before->second;
      if (Update(view, model, is_own_call, now)) ++uses_[name];
    } else if (is_own_call) {
      now.own_shown = model.expires_at;
    } else if (!is_first_view) {
      ++uses_[name];
    }
    now.asked = view.asked;
    now.answered = view.answered;
    now.expires_at = model.expires_at;
    if (now.context_length != model.context_length && !is_own_call) {
      now.is_ours = false;
    }
    now.context_length = model.context_length;
    seen[std::move(name)] = now;
  }
  NoteUnloaded(view, seen);
  seen_ = std::move(seen);
  // Nobody asks for them: the names change as fast as the views come.
  if (uses_.size() > json_answer::kMaxListed) uses_.clear();
  if (unloaded_.size() > json_answer::kMaxListed) unloaded_.clear();
}

void UseWatch::NoteUnloaded(
    const View& view, const std::map<std::string, Seen, std::less<>>& now) {
  std::vector<std::string> gone;
  for (const auto& [name, seen] : seen_) {
    if (!now.contains(name)) gone.push_back(name);
  }
  for (const auto& [name, seen] : now) {
    // Ollama itself may have made room for one that came.
    if (!seen_.contains(name)) gone.clear();
    unloaded_.erase(name);
  }
  // Several at once are a restart.
  if (gone.size() != 1) return;
  const Seen& seen = seen_.at(gone[0]);
  const bool is_early =
      seen.is_cut_short || seen.expires_at > view.answered + kOwnTolerance;
  if (is_early && !seen.is_given_up && !own_calls_.contains(gone[0])) {
    unloaded_.insert(gone[0]);
  }
}

bool UseWatch::Update(const View& view, const RunningModel& model,
                      bool is_own_call, Seen& seen) {
  const absl::Time expires_at = model.expires_at;
  const absl::Duration moved = expires_at - seen.expires_at;
  const bool has_moved = expires_at != seen.expires_at;
  const bool goes_along = moved > absl::ZeroDuration() &&
                          view.asked - seen.answered <= moved &&
                          moved <= view.answered - seen.asked;
  if (is_own_call) {
    if (has_moved) seen.own_shown = expires_at;
    return false;
  }
  // How an unload shows until it is done.
  const bool was_cut_short = moved < absl::ZeroDuration() &&
                             expires_at <= view.answered + kOwnTolerance &&
                             seen.expires_at > view.answered + kOwnTolerance;
  if (was_cut_short) {
    seen.is_cut_short = true;
    return false;
  }
  if (has_moved) seen.is_cut_short = false;
  const bool is_own = has_moved && (IsNear(expires_at, seen.own_computed) ||
                                    IsNear(expires_at, seen.own_shown));
  if (goes_along && !is_own && !seen.has_stood_still) {
    ++seen.going_along;
    return false;
  }
  const int went_along = std::exchange(seen.going_along, 0);
  seen.has_stood_still = true;
  if (!has_moved) return went_along == 1;
  // The first request was counted when the model appeared.
  return !is_own && went_along == 0 && expires_at != absl::InfinitePast();
}

bool UseWatch::HasOwnCall(const RunningModel& model,
                          const ModelBook& book) const {
  return std::any_of(
      own_calls_.begin(), own_calls_.end(),
      [&](const auto& own) { return book.Serves(model, own.first); });
}

void UseWatch::BeginOwnCall(std::string_view name) {
  ++own_calls_[FullName(name)];
}

void UseWatch::EndOwnCall(std::string_view name, absl::Time expires_at,
                          const ModelBook& book) {
  const auto it = own_calls_.find(FullName(name));
  if (it != own_calls_.end() && --it->second == 0) own_calls_.erase(it);
  if (expires_at == absl::InfinitePast()) return;
  for (auto& [shown, seen] : seen_) {
    if (book.Serves({.name = shown}, name)) seen.own_computed = expires_at;
  }
}

void UseWatch::TakeOver(std::string_view shown) {
  const auto it = seen_.find(FullName(shown));
  if (it == seen_.end()) return;
  it->second.is_ours = true;
  it->second.is_given_up = false;
}

void UseWatch::GiveUp(std::string_view shown) {
  const auto it = seen_.find(FullName(shown));
  if (it == seen_.end()) return;
  it->second.is_ours = false;
  it->second.is_given_up = true;
}

bool UseWatch::IsOurs(std::string_view shown) const {
  const auto it = seen_.find(FullName(shown));
  return it != seen_.end() && it->second.is_ours;
}

bool UseWatch::IsBusy(const RunningModel& model, absl::Time now) const {
  if (model.expires_at == absl::InfinitePast()) return false;  // not told
  if (model.expires_at < now) return true;
  const auto it = seen_.find(FullName(model.name));
  return it != seen_.end() && it->second.going_along > 0;
}

int64_t UseWatch::TakeUses(std::string_view shown) {
  const auto it = uses_.find(FullName(shown));
  if (it == uses_.end()) return 0;
  const int64_t uses = it->second;
  uses_.erase(it);
  // Ollama shows that there were some, not how many.
  return std::min<int64_t>(uses, 1);
}

bool UseWatch::TakeUnloaded(std::string_view shown) {
  return unloaded_.erase(FullName(shown)) > 0;
}

void UseWatch::Forget() {
  seen_.clear();
  last_asked_ = absl::InfinitePast();
}

}  // namespace warmup::ollama
