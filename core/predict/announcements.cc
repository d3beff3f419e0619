#include "core/predict/announcements.h"

#include <algorithm>

namespace warmup::predict {
namespace {

constexpr double kKeep = 1.0 - 1.0 / 32;
constexpr double kPriorWeight = 2;

}  // namespace

void Tally::Count(bool was_kept) {
  promised = promised * kKeep + 1;
  kept = kept * kKeep + (was_kept ? 1 : 0);
}

void Announcements::Announce(NameIndex model, double at) {
  Expire(at);
  const auto it =
      std::find_if(pending_.begin(), pending_.end(),
                   [&](const Pending& p) { return p.model == model; });
  if (it != pending_.end()) {
    if (at < it->at) return;
    pending_.erase(it);
  } else if (pending_.size() >= kMaxPending) {
    pending_.erase(pending_.begin());
  }
  pending_.push_back({model, at, 0});
}

void Announcements::ObserveUse(NameIndex model, double at) {
  Expire(at);
  for (auto it = pending_.begin(); it != pending_.end();) {
    if (it->at > at) {
      ++it;  // a late fact: used before it was announced
    } else if (it->model == model) {
      Settle(model, true);
      it = pending_.erase(it);
    } else {
      ++it->passed_over;
      ++it;
    }
  }
}

const Announcements::Pending* Announcements::Find(NameIndex model,
                                                  double now) const {
  for (const Pending& pending : pending_) {
    if (pending.model == model) {
      return now - pending.at <= kLifetimeSeconds ? &pending : nullptr;
    }
  }
  return nullptr;
}

double Announcements::Reliability(NameIndex model, double parent) const {
  const double overall = overall_.Rate(parent, kPriorWeight);
  const Tally* tally = tallies_.Find(model);
  return tally == nullptr ? overall : tally->Rate(overall, kPriorWeight);
}

void Announcements::Remove(NameIndex model) {
  std::erase_if(pending_, [&](const Pending& p) { return p.model == model; });
  tallies_.Erase(model);
}

void Announcements::Settle(NameIndex model, bool was_kept) {
  overall_.Count(was_kept);
  tallies_.Touch(model).Count(was_kept);
}

void Announcements::Expire(double now) {
  std::erase_if(pending_, [&](const Pending& pending) {
    if (now - pending.at <= kLifetimeSeconds) return false;
    Settle(pending.model, false);
    return true;
  });
}

}  // namespace warmup::predict
