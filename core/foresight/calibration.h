#ifndef WARMUP_CORE_FORESIGHT_CALIBRATION_H_
#define WARMUP_CORE_FORESIGHT_CALIBRATION_H_

#include <array>
#include <cstddef>

#include "core/foresight/heads.h"

namespace warmup::foresight {

// What log-odds turned out to mean: their probability, interpolated between
// the means over the cases around them. (The adaptive probability maps of the
// context-mixing compressors.)
class Calibration {
 public:
  Calibration();

  float ProbabilityOf(float log_odds) const;
  void Learn(float log_odds, const Lesson& lesson);

  // For Foresight::Save and Load.
  template <typename Archive>
  void Persist(Archive& archive) {
    archive(means_, cases_);
  }

 private:
  static constexpr size_t kKnots = 25;
  struct Place {
    size_t knot;
    float beyond;  // between it and the next one, in [0, 1]
  };
  static Place PlaceOf(float log_odds);

  std::array<float, kKnots> means_;
  std::array<float, kKnots> cases_{};
};

}  // namespace warmup::foresight

#endif  // WARMUP_CORE_FORESIGHT_CALIBRATION_H_
