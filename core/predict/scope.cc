#include "core/predict/scope.h"

#include <algorithm>

namespace warmup::predict {
namespace {

constexpr double kMaxIncrement = 1e9;

}  // namespace

Scope::Learned Scope::ObserveUse(NameIndex model, double at, LocalTime local) {
  const UseHistory* known = uses_.Find(model);
  if (known != nullptr && known->last_at == at) return {};
  Learned learned;
  learned.is_new = true;
  learned.is_first_of_model = known == nullptr;
  learned.is_first_of_all = uses_.empty();
  if (!uses_.empty() && at < last_at_) {
    // It comes after later uses of other models, but maybe in the order of its
    // own. It does not refresh the recency of a known model.
    UseHistory* late = uses_.Find(model);
    if (late == nullptr) {
      late = &uses_.Touch(model);
      late->last_at = at;
    } else if (at > late->last_at) {
      learned.gap_seconds = at - late->last_at;
      late->gaps.Add(learned.gap_seconds);
      late->last_at = at;
    }
    AddWeight(*late);
    late->profile.Add(local);
    return learned;
  }
  if (known != nullptr) learned.gap_seconds = at - known->last_at;
  if (!uses_.empty()) learned.arrival_seconds = at - last_at_;
  UseHistory& use = uses_.Touch(model);
  AddWeight(use);
  use.last_at = at;
  use.gaps.Add(learned.gap_seconds);
  use.profile.Add(local);
  arrivals_.Add(learned.arrival_seconds);
  announcements_.ObserveUse(model, at);
  if (last_[0] != kNone) successions_.Add(last_[1], last_[0], model);
  last_ = {model, last_[0]};
  last_at_ = at;
  return learned;
}

void Scope::AddWeight(UseHistory& use) {
  increment_ /= kKeep;
  use.weight += increment_;
  total_ += increment_;
  if (increment_ < kMaxIncrement) return;
  for (auto& [model, other] : uses_) other.weight /= increment_;
  total_ /= increment_;
  increment_ = 1;
}

void Scope::Remove(NameIndex model) {
  if (const UseHistory* use = uses_.Find(model)) {
    total_ = std::max(0.0, total_ - use->weight);
    uses_.Erase(model);
  }
  successions_.Remove(model);
  announcements_.Remove(model);
  if (last_[1] == model) last_[1] = kNone;
  if (last_[0] == model) last_ = {last_[1], kNone};
}

void Scope::RestoreUse(NameIndex model, const UseHistory& use) {
  uses_.Touch(model) = use;
  total_ += use.weight;
  last_at_ = std::max(last_at_, use.last_at);
}

}  // namespace warmup::predict
