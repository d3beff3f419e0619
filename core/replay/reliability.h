#ifndef WARMUP_CORE_REPLAY_RELIABILITY_H_
#define WARMUP_CORE_REPLAY_RELIABILITY_H_

#include <array>
#include <vector>

#include "core/foresight/forecaster.h"
#include "core/replay/catalogue.h"
#include "core/replay/stream.h"

namespace warmup::replay {

// How good the forecasts were that `warmup` made of a trace, by their heads.
using Reliability =
    std::array<foresight::Forecaster::Quality, foresight::kHeads>;

// Forecasts each stream by its own, and adds up what came of it. No machine has
// a part in it: what is forecast does not depend on what is in memory.
Reliability ForecastAll(const std::vector<Stream>& streams,
                        const Catalogue& catalogue);

}  // namespace warmup::replay

#endif  // WARMUP_CORE_REPLAY_RELIABILITY_H_
