#ifndef WARMUP_BENCH_ENGINES_DAY_H_
#define WARMUP_BENCH_ENGINES_DAY_H_

#include "bench/engines/places.h"

namespace warmup::bench {

// The recorded stretch of a developer's work (demo/data), sped up as the demo
// does it, against llama-server with models of scaled sizes, of which it has
// three in memory at most: the seconds from each request to its first token,
// added up. `requests`: only so many of them, 0: all.
void MeasureDay(const Places& places, int requests);

}  // namespace warmup::bench

#endif  // WARMUP_BENCH_ENGINES_DAY_H_
