#include "core/predict/scorer.h"

#include <algorithm>
#include <cmath>

namespace warmup::predict {
namespace {

// Weights of priors, in observations; chosen on real traces by log loss.
constexpr double kHabitWeight = 0.5;
constexpr double kReuseWeight = 2;
constexpr double kSessionWeight = 3;
constexpr double kFollowWeight = 2;
constexpr double kUserShareWeight = 4;
constexpr double kRepeatShare = 0.5;
constexpr double kMinP = 3e-4;

// Of the announced uses that come, the share that comes within each horizon.
constexpr Horizons kArrives = {0.6, 0.9, 1};

// The geometric mean of two probabilities' odds, times a factor, as a
// probability.
double Pool(double a, double b, double factor) {
  a = std::clamp(a, kMinP, 1 - kMinP);
  b = std::clamp(b, kMinP, 1 - kMinP);
  const double odds = std::sqrt(a * b * factor / ((1 - a) * (1 - b)));
  return odds / (1 + odds);
}

}  // namespace

Scorer::Scorer(const Memory& memory, const View& view, double now_seconds,
               LocalTime local)
    : memory_(memory),
      view_(view),
      base_(view.user != nullptr ? *view.user : *view.everybody),
      now_(now_seconds),
      local_(local),
      last_(base_.last_models()[0]) {
  const Habits& habits =
      view.user != nullptr ? memory.user_habits() : memory.everybody_habits();
  if (last_ == Scope::kNone) {
    any_use_ = {0.1, 0.2, 0.5};
    return;
  }
  const double quiet = std::max(0.0, now_ - base_.last_at());
  const Horizons typical = Shrink(habits.arrivals.After(quiet),
                                  UninformedPrior(quiet), kHabitWeight);
  any_use_ = Shrink(base_.arrivals().After(quiet), typical, kReuseWeight);
  followers_ = base_.arrivals().MeanFollowers();
  // Uses come in runs of one model: a run is one chance for another, not many.
  for (double& count : followers_) count *= 1 - memory.repeat_rate();

  AddSuccessors(view.everybody, Scope::kNone);
  AddSuccessors(view.user, Scope::kNone);
  const NameIndex before_last = base_.last_models()[1];
  if (before_last == Scope::kNone) return;
  AddSuccessors(view.everybody, before_last);
  AddSuccessors(view.user, before_last);
}

void Scorer::AddSuccessors(const Scope* scope, NameIndex before) {
  if (scope == nullptr) return;
  const SuccessorList* list = scope->successions().Find(before, last_);
  if (list == nullptr) return;
  successors_[successor_lists_++] = {list, 1 / (list->total() + kFollowWeight)};
}

bool Scorer::ReuseOf(NameIndex model, Score* score) const {
  const UseHistory* use = base_.uses().Find(model);
  if (use == nullptr) return false;
  const Habits& habits = view_.user != nullptr ? memory_.user_habits()
                                               : memory_.everybody_habits();
  const double quiet = std::max(0.0, now_ - use->last_at);
  const Horizons typical =
      Shrink(habits.reuse.After(quiet), UninformedPrior(quiet), kHabitWeight);
  score->reuse = Shrink(use->gaps.After(quiet), typical, kReuseWeight);
  score->lift = use->profile.Lift(local_);
  if (view_.session == nullptr) return true;
  const UseHistory* here = view_.session->uses().Find(model);
  if (here == nullptr) return true;
  score->reuse = Shrink(here->gaps.After(std::max(0.0, now_ - here->last_at)),
                        score->reuse, kSessionWeight);
  return true;
}

void Scorer::NextOf(NameIndex model, Score* score) const {
  const Scope& all = *view_.everybody;
  double q = 0;
  if (const UseHistory* use = all.uses().Find(model)) {
    q = all.Weight(*use) / (all.total_weight() + 1);
  }
  if (view_.user != nullptr) {
    const UseHistory* use = view_.user->uses().Find(model);
    const double weight = use == nullptr ? 0 : view_.user->Weight(*use);
    q = (weight + kUserShareWeight * q) /
        (view_.user->total_weight() + kUserShareWeight);
  }
  score->share = score->next = q;
  if (last_ == Scope::kNone) return;
  const double repeat = memory_.repeat_rate() * kRepeatShare;
  q = (model == last_ ? repeat : 0) + (1 - repeat) * q;
  for (size_t i = 0; i < successor_lists_; ++i) {
    const auto& [list, scale] = successors_[i];
    q = (list->Count(model) + kFollowWeight * q) * scale;
  }
  score->next = q;
}

double Scorer::AnnouncedOf(NameIndex model) const {
  const Announcements::Pending* pending = nullptr;
  for (const Scope* scope : {view_.session, view_.user, view_.everybody}) {
    if (scope == nullptr) continue;
    pending = scope->announcements().Find(model, now_);
    break;
  }
  if (pending == nullptr) return -1;
  double trust = 0.5;
  for (const Scope* scope : {view_.everybody, view_.user, view_.session}) {
    if (scope == nullptr) continue;
    trust = scope->announcements().Reliability(model, trust);
  }
  const double age = std::max(0.0, now_ - pending->at);
  return trust * (1 - age / Announcements::kLifetimeSeconds) *
         std::pow(0.5, pending->passed_over);
}

Score Scorer::Evaluate(NameIndex model) const {
  Score score;
  const bool has_reuse = ReuseOf(model, &score);
  NextOf(model, &score);
  score.announced = AnnouncedOf(model);
  const double lift_root = std::sqrt(score.lift);
  double lower = 0;
  for (size_t h = 0; h < kHorizons; ++h) {
    score.chain[h] =
        any_use_[h] *
        (1 - (1 - score.next) * std::exp(-score.share * followers_[h]));
    double p = score.chain[h];
    if (has_reuse) p = Pool(p, score.reuse[h], lift_root);
    if (score.announced > 0) p = std::max(p, score.announced * kArrives[h]);
    score.p[h] = lower = std::clamp(p, lower, 1.0);
  }
  return score;
}

}  // namespace warmup::predict
