#ifndef WARMUP_CORE_FORESIGHT_HITS_H_
#define WARMUP_CORE_FORESIGHT_HITS_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/foresight/forecaster.h"
#include "core/shadow/machine.h"

namespace warmup::foresight {

// Counts how high what is used had stood among all that is known, by its
// chance of being the next: the last word before the use, nothing after it. A
// plain value; not thread-safe.
class Hits {
 public:
  // In which uses are counted: every one; those of another item than the one
  // before; those after more than kIdle without any.
  enum Situation : size_t { kAll, kSwitch, kAfterIdle };
  static constexpr size_t kSituations = 3;
  static constexpr shadow::Micros kIdle = 600'000'000;

  struct Counts {
    uint64_t uses = 0;
    uint64_t top1 = 0;  // it stood first
    uint64_t top3 = 0;  // it was one of the first three
  };

  // To be called before the forecaster hears of the request. Equal chances, and
  // items that it does not know, are misses.
  void OnRequest(const shadow::Request& request, const Forecaster& forecaster);
  const Counts& counts(Situation situation) const { return counts_[situation]; }

 private:
  std::array<Counts, kSituations> counts_{};
  shadow::ItemId last_item_ = shadow::kNoItem;
  shadow::Micros last_at_ = 0;
};

}  // namespace warmup::foresight

#endif  // WARMUP_CORE_FORESIGHT_HITS_H_
