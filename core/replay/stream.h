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

// Tells `listener` of both, as they come: of the context from the first request
// to the last, and an event after a request of the same time.
template <typename Listener>
void Listen(const Stream& stream, const Listener& listener) {
  auto event = stream.context.begin();
  const shadow::Micros start = stream.requests.front().at;
  while (event != stream.context.end() && event->at < start) ++event;
  for (const shadow::Request& request : stream.requests) {
    while (event != stream.context.end() && event->at < request.at) {
      listener(*event++);
    }
    listener(request);
  }
}

// One machine for all of a trace.
Stream PoolOf(const Trace& trace);

// One machine for each user who has requests. Sorts `trace` by user for it.
std::vector<Stream> SplitByUser(Trace& trace);

}  // namespace warmup::replay

#endif  // WARMUP_CORE_REPLAY_STREAM_H_
