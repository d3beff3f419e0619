#ifndef WARMUP_CORE_PREDICT_SCOPE_H_
#define WARMUP_CORE_PREDICT_SCOPE_H_

#include <array>
#include <cstddef>

#include "core/predict/announcements.h"
#include "core/predict/inter_arrival.h"
#include "core/predict/lru_map.h"
#include "core/predict/names.h"
#include "core/predict/succession.h"
#include "core/predict/time_profile.h"

namespace warmup::predict {

// One model's uses in one scope.
struct UseHistory {
  double weight = 0;   // see Scope::Weight
  double last_at = 0;  // seconds
  GapHistogram gaps;
  TimeProfile profile;
};

// What was seen in one scope: a session, a user, or everybody. Times are
// seconds since the Unix epoch.
class Scope {
 public:
  static constexpr NameIndex kNone = SuccessionTable::kNone;
  static constexpr double kKeep = 1 - 1.0 / 500;

  struct Limits {
    size_t max_models;
    size_t max_contexts;  // of its successions
  };

  // What one use taught, for those who keep shapes over all scopes; negative
  // where there was nothing to learn.
  struct Learned {
    bool is_new = false;  // false: a duplicate, or too late to count
    bool is_first_of_model = false;
    bool is_first_of_all = false;
    double gap_seconds = -1;      // since the last use of this model
    double arrival_seconds = -1;  // since the last use of any model
  };

  explicit Scope(const Limits& limits)
      : uses_(limits.max_models), successions_(limits.max_contexts) {}

  // A late use (before the scope's last one) counts for frequency, hours and,
  // if it is its model's newest, gaps, but not for successions. The same use
  // twice counts once.
  Learned ObserveUse(NameIndex model, double at, LocalTime local);
  void ObserveAnnouncement(NameIndex model, double at) {
    announcements_.Announce(model, at);
  }
  void Remove(NameIndex model);

  // Decayed count: a use weighs kKeep^(later uses).
  double Weight(const UseHistory& use) const { return use.weight / increment_; }
  double total_weight() const { return total_ / increment_; }

  // Most recently used first.
  const LruMap<NameIndex, UseHistory>& uses() const { return uses_; }
  const SuccessionTable& successions() const { return successions_; }
  const Announcements& announcements() const { return announcements_; }
  Announcements& announcements() { return announcements_; }
  const GapHistogram& arrivals() const { return arrivals_; }
  // Newest first, kNone where there is none.
  const std::array<NameIndex, 2>& last_models() const { return last_; }
  double last_at() const { return last_at_; }

  // For Import, in the order from the oldest to the newest use.
  void RestoreUse(NameIndex model, const UseHistory& use);
  void RestoreSuccession(const SuccessionTable::Context& context,
                         NameIndex next, double count) {
    successions_.Restore(context, next, count);
  }
  void RestoreLast(const std::array<NameIndex, 2>& last) { last_ = last; }
  void RestoreArrivals(
      const std::array<double, GapHistogram::kClasses>& counts) {
    arrivals_.Restore(counts);
  }

 private:
  void AddWeight(UseHistory& use);

  LruMap<NameIndex, UseHistory> uses_;
  SuccessionTable successions_;
  Announcements announcements_;
  GapHistogram arrivals_;
  std::array<NameIndex, 2> last_ = {kNone, kNone};
  double last_at_ = 0;
  // Instead of shrinking every weight at each use, new ones weigh more.
  double increment_ = 1;
  double total_ = 0;
};

}  // namespace warmup::predict

#endif  // WARMUP_CORE_PREDICT_SCOPE_H_
