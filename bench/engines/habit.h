#ifndef WARMUP_BENCH_ENGINES_HABIT_H_
#define WARMUP_BENCH_ENGINES_HABIT_H_

#include "bench/engines/kinds.h"
#include "bench/engines/places.h"

namespace warmup::bench {

// The first request to a large model after a pause in which the server has let
// go of it, as its users find it. Before it they use a tiny one, as always:
// that is the habit which warmupd, told nothing but where the server is, has
// seen a few times.
//
// Two servers take turns, one alone and one with warmupd beside it, each with
// files of its own.
void MeasureHabit(const Places& places, const ServerKind& kind, int rounds);

}  // namespace warmup::bench

#endif  // WARMUP_BENCH_ENGINES_HABIT_H_
