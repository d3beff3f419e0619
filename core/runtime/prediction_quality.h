#ifndef WARMUP_CORE_RUNTIME_PREDICTION_QUALITY_H_
#define WARMUP_CORE_RUNTIME_PREDICTION_QUALITY_H_

#include <array>
#include <cstdint>

#include "core/foresight/forecaster.h"
#include "core/foresight/hits.h"
#include "core/runtime/warmup_tally.h"

namespace warmup {

// How good forecasts and what was done about them were: a copy that its owner
// may keep.
struct PredictionQuality {
  std::array<foresight::Forecaster::Quality, foresight::kHeads> heads;
  foresight::Hits hits;
  WarmupTally::Counts warmups;
};

}  // namespace warmup

#endif  // WARMUP_CORE_RUNTIME_PREDICTION_QUALITY_H_
