#ifndef WARMUP_CORE_REPLAY_STREAM_H_
#define WARMUP_CORE_REPLAY_STREAM_H_

#include <span>
#include <vector>

#include "core/replay/trace.h"
#include "core/shadow/machine.h"

namespace warmup::replay {

// What one machine sees of a trace, which outlives it: at least one request,
// and the context events around them; each sorted by time.
struct Stream {
  std::span<const shadow::Request> requests;
  std::span<const shadow::ContextEvent> context;
};

// One machine for all of a trace.
Stream PoolOf(const Trace& trace);

// One machine for each user who has requests. Sorts `trace` by user for it.
std::vector<Stream> SplitByUser(Trace& trace);

}  // namespace warmup::replay

#endif  // WARMUP_CORE_REPLAY_STREAM_H_
