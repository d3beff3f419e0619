#ifndef WARMUP_CORE_PREDICT_INTER_ARRIVAL_H_
#define WARMUP_CORE_PREDICT_INTER_ARRIVAL_H_

#include <array>
#include <cstddef>

namespace warmup::predict {

// The horizons of every probability here, in seconds: 1 min, 5 min, 1 h.
inline constexpr size_t kHorizons = 3;
inline constexpr std::array<double, kHorizons> kHorizonSeconds = {60, 300,
                                                                  3600};
using Horizons = std::array<double, kHorizons>;

// When something recurs: decayed counts of the gaps between its occurrences
// in log2 classes of seconds. Class 0 is [0, 2) s, class k is
// [2^k, 2^(k+1)) s, the last is open. Inside a class gaps count as uniform,
// which needs no logarithm. A gap weighs (1 - 1/memory)^(later gaps).
//
// With M(x) = mass of gaps longer than x, the hazard estimate
//   P(again within h | quiet for a) = (M(a) - M(a + h)) / M(a)
// is the life-table estimator (Cutler and Ederer 1958) on these classes. M(a)
// is at once the evidence for it: after a silence longer than any seen it is
// zero and the estimate falls back to its prior.
class GapHistogram {
 public:
  static constexpr size_t kClasses = 24;

  // What the gaps say about the next occurrence after a silence.
  struct Outlook {
    double at_risk = 0;  // M(a)
    Horizons within{};   // M(a) - M(a + h)
  };

  // A gap that is never closed.
  static constexpr double kNever = 1e12;

  explicit GapHistogram(float memory = 64) : keep_(1 - 1 / memory) {}

  // A gap below 0 or not a number is ignored.
  void Add(double gap_seconds);
  // `quiet_seconds`: how long ago it occurred last, >= 0.
  Outlook After(double quiet_seconds) const;
  // The gap that half of the mass does not exceed; 0 without any mass.
  double MedianSeconds() const;

  // About how many occurrences follow one within each horizon: by Wald's
  // identity for the count N of gaps that fit into h,
  // E[N] + 1 >= h / E[min(gap, h)], taken as an equality. 0 without any mass.
  Horizons MeanFollowers() const;

  const std::array<float, kClasses>& counts() const { return counts_; }
  // Takes finite counts >= 0; everything else counts as 0.
  void Restore(const std::array<double, kClasses>& counts);

 private:
  float keep_;
  std::array<float, kClasses> counts_{};
};

// The estimate from no gap at all: gaps of every scale from a second to half a
// year are equally likely (uniform over the classes, so about log-uniform).
// What was just used is likely soon, and less so the longer it is quiet.
Horizons UninformedPrior(double quiet_seconds);

// Probability of an occurrence within each horizon: the outlook's own
// estimate where it has evidence, `prior` where it has none (a Beta prior of
// `prior_weight` observations), never raising beyond what is monotone.
Horizons Shrink(const GapHistogram::Outlook& outlook, const Horizons& prior,
                double prior_weight);

}  // namespace warmup::predict

#endif  // WARMUP_CORE_PREDICT_INTER_ARRIVAL_H_
