#ifndef WARMUP_CORE_FORESIGHT_SELECTOR_H_
#define WARMUP_CORE_FORESIGHT_SELECTOR_H_

#include <cstddef>
#include <vector>

namespace warmup::foresight {

// Chooses, after each request, which expert to follow: the one that has made
// users wait least lately (follow the leader over discounted losses, with a
// hysteresis for what switching costs), guarded against the first one, load on
// demand with LRU: reality may be behind it by no more than a share of its loss
// and some loads. Where it would be, LRU is followed until a shadow has shown a
// saving of many loads, of which at most a quarter may then be risked.
//
// Losses are seconds that users waited, so far. Not thread-safe.
class Selector {
 public:
  // The expert that is followed first.
  Selector(size_t experts, size_t first);

  struct Losses {
    std::vector<double> experts;
    double reality = 0;
    int new_misses = 0;    // of LRU, since the last time
    double mean_load = 0;  // seconds
    size_t held = 0;       // items, by LRU
  };
  // Whom to follow from now on.
  size_t Choose(const Losses& losses);
  size_t current() const { return current_; }
  // How much longer users waited with the one than with the other, of late.
  double Behind(size_t expert, size_t other) const {
    return recent_[expert] - recent_[other];
  }
  int switches() const { return switches_; }

  // For Foresight::Save and Load.
  template <typename Archive>
  void Persist(Archive& archive) {
    archive(current_, switches_, is_guarded_, allowed_, last_, recent_, saved_);
  }

 private:
  void Follow(size_t expert);

  size_t current_;
  int switches_ = 0;
  bool is_guarded_ = false;
  double allowed_ = 0;  // beyond the bound, for a saving that was shown
  std::vector<double> last_;
  std::vector<double> recent_;  // discounted losses
  std::vector<double> saved_;   // against LRU since the guard began
};

}  // namespace warmup::foresight

#endif  // WARMUP_CORE_FORESIGHT_SELECTOR_H_
