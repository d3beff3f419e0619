#include "core/predict/candidates.h"

namespace warmup::predict {
namespace {

constexpr size_t kMaxRecent = 16;

}  // namespace

Candidates::Candidates(const Memory& memory, const View& view, LocalTime now) {
  for (const Scope* scope : {view.session, view.user, view.everybody}) {
    if (scope == nullptr) continue;
    for (const auto& pending : scope->announcements().pending()) {
      Add(pending.model);
    }
    // Whoever has a scope of his own expects his own announcements.
    break;
  }
  AddRecent(view.session, kMaxRecent);
  const Scope* history = view.user != nullptr ? view.user : view.everybody;
  AddSuccessors(view.user, history);
  AddSuccessors(view.everybody, history);
  AddRecent(view.user, kMaxRecent);
  for (const auto& entry : memory.popular().at_hour[now.hour].entries()) {
    Add(entry.model);
  }
  for (const auto& entry : memory.popular().overall.entries()) {
    Add(entry.model);
  }
  AddRecent(view.everybody, limits::kMaxCandidates);
}

void Candidates::Add(NameIndex model) {
  if (size_ == models_.size() || is_in_[model]) return;
  is_in_[model] = true;
  models_[size_++] = model;
}

void Candidates::AddRecent(const Scope* scope, size_t at_most) {
  if (scope == nullptr) return;
  for (const auto& [model, use] : scope->uses()) {
    if (at_most-- == 0 || size_ == models_.size()) return;
    Add(model);
  }
}

void Candidates::AddSuccessors(const Scope* scope, const Scope* history) {
  if (scope == nullptr) return;
  const auto [last, before] = history->last_models();
  if (last == Scope::kNone) return;
  for (const NameIndex context : {before, Scope::kNone}) {
    const SuccessorList* list = scope->successions().Find(context, last);
    if (list == nullptr) continue;
    for (const auto& entry : list->entries()) Add(entry.model);
    if (context == Scope::kNone) break;
  }
}

}  // namespace warmup::predict
