#ifndef WARMUP_BENCH_ENGINES_LOADS_H_
#define WARMUP_BENCH_ENGINES_LOADS_H_

#include "bench/engines/kinds.h"
#include "bench/engines/places.h"

namespace warmup::bench {

// A load of the large model through warmupd beside the server's own call, in
// turn; and how late warmupd sees that somebody has unloaded it by hand.
void MeasureLoads(const Places& places, const ServerKind& kind, int rounds);

}  // namespace warmup::bench

#endif  // WARMUP_BENCH_ENGINES_LOADS_H_
