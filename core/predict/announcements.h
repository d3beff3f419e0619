#ifndef WARMUP_CORE_PREDICT_ANNOUNCEMENTS_H_
#define WARMUP_CORE_PREDICT_ANNOUNCEMENTS_H_

#include <cstddef>
#include <vector>

#include "core/predict/lru_map.h"
#include "core/predict/names.h"

namespace warmup::predict {

// Decayed counts of promises and of those that were kept; a promise weighs
// (1 - 1/32)^(later promises).
struct Tally {
  double promised = 0;
  double kept = 0;

  void Count(bool was_kept);
  // (kept + weight * prior) / (promised + weight).
  double Rate(double prior, double prior_weight) const {
    return (kept + prior_weight * prior) / (promised + prior_weight);
  }
};

// The announcements of one scope: which models are announced just now, and
// how often announcements were followed by a use. An announcement is kept by
// a use of its model within kLifetimeSeconds and broken by the end of that
// time. Uses of other models in between pass it over.
class Announcements {
 public:
  static constexpr double kLifetimeSeconds = 600;
  static constexpr size_t kMaxPending = 16;
  static constexpr size_t kMaxTallies = 256;

  struct Pending {
    NameIndex model;
    double at;        // seconds
    int passed_over;  // uses of other models since
  };

  // Announcing a pending model again renews it.
  void Announce(NameIndex model, double at);
  void ObserveUse(NameIndex model, double at);
  // Those made within the lifetime before `now`, oldest first.
  const std::vector<Pending>& pending() const { return pending_; }
  const Pending* Find(NameIndex model, double now) const;

  // How far an announcement of `model` can be trusted, given how far its
  // parent scope trusts it: of this model, then of any model, in this scope.
  double Reliability(NameIndex model, double parent) const;

  void Remove(NameIndex model);
  const Tally& overall() const { return overall_; }
  // Most recently counted first.
  const LruMap<NameIndex, Tally>& tallies() const { return tallies_; }
  void RestoreOverall(const Tally& tally) { overall_ = tally; }
  void Restore(NameIndex model, const Tally& tally) {
    tallies_.Touch(model) = tally;
  }

 private:
  void Settle(NameIndex model, bool was_kept);
  void Expire(double now);

  std::vector<Pending> pending_;
  Tally overall_;
  LruMap<NameIndex, Tally> tallies_{kMaxTallies};
};

}  // namespace warmup::predict

#endif  // WARMUP_CORE_PREDICT_ANNOUNCEMENTS_H_
