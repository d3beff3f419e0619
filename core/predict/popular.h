#ifndef WARMUP_CORE_PREDICT_POPULAR_H_
#define WARMUP_CORE_PREDICT_POPULAR_H_

#include <cstddef>
#include <vector>

#include "core/predict/names.h"

namespace warmup::predict {

// The few models with the highest weights, kept up to date one use at a time.
class TopModels {
 public:
  struct Entry {
    NameIndex model;
    double weight;
  };

  explicit TopModels(size_t max_models) : max_models_(max_models) {}

  // `model` now weighs `weight`; every other weight has shrunk by `keep`.
  void Update(NameIndex model, double weight, double keep);
  void Remove(NameIndex model);
  // Heaviest first.
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  size_t max_models_;
  std::vector<Entry> entries_;
};

// The models used most by everybody: lately, and at each hour of the day.
struct PopularModels {
  static constexpr size_t kMaxOverall = 24;
  static constexpr size_t kMaxAtHour = 8;

  TopModels overall{kMaxOverall};
  std::vector<TopModels> at_hour =
      std::vector<TopModels>(24, TopModels(kMaxAtHour));

  void Remove(NameIndex model) {
    overall.Remove(model);
    for (TopModels& top : at_hour) top.Remove(model);
  }
};

}  // namespace warmup::predict

#endif  // WARMUP_CORE_PREDICT_POPULAR_H_
