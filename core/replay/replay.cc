#include "core/replay/replay.h"

#include <algorithm>
#include <cmath>
#include <memory>

namespace warmup::replay {
namespace {

constexpr size_t kProgressStep = 1 << 16;

void Add(const shadow::Tally& more, shadow::Tally& sum) {
  sum.requests += more.requests;
  sum.unserved += more.unserved;
  sum.cold += more.cold;
  sum.late += more.late;
  sum.stall += more.stall;
  sum.blocked += more.blocked;
  sum.loads += more.loads;
  sum.cancels += more.cancels;
  sum.loaded += more.loaded;
  sum.guessed += more.guessed;
  sum.wasted += more.wasted;
  sum.idle += more.idle;
  sum.occupied += more.occupied;
}

// `stalls` are those above zero, sorted, of `count` requests.
shadow::Micros Percentile(const std::vector<shadow::Micros>& stalls,
                          int64_t count, double ratio) {
  const auto rank =
      static_cast<int64_t>(std::ceil(ratio * static_cast<double>(count)));
  const int64_t warm = count - static_cast<int64_t>(stalls.size());
  return rank <= warm ? 0 : stalls[static_cast<size_t>(rank - warm - 1)];
}

// Before the first request there is no machine, and nothing after the last.
void Run(const Stream& stream, const Catalogue& catalogue,
         shadow::Machine& machine,
         const std::function<void(size_t)>& on_progress) {
  const shadow::Micros start = stream.requests.front().at;
  machine.Advance(start);
  auto event = stream.context.begin();
  while (event != stream.context.end() && event->at < start) ++event;
  size_t passed = 0;
  for (const shadow::Request& request : stream.requests) {
    // An event of the same time comes after the request.
    while (event != stream.context.end() && event->at < request.at) {
      machine.Handle(catalogue.Rename(*event++));
    }
    machine.Handle(catalogue.Rename(request));
    if (++passed % kProgressStep == 0) on_progress(kProgressStep);
  }
  on_progress(passed % kProgressStep);
  machine.Finish();
}

}  // namespace

Result Replay(const std::vector<Stream>& streams, const Catalogue& catalogue,
              const PolicyType& policy, const shadow::Machine::Options& options,
              const std::function<void(size_t requests)>& on_progress) {
  Result result;
  std::vector<shadow::Micros> stalls;
  for (const Stream& stream : streams) {
    shadow::Machine machine(options, catalogue.costs);
    const auto decider = policy.make({machine, catalogue, stream});
    machine.set_policy(*decider);
    Run(stream, catalogue, machine, on_progress);
    Add(machine.tally(), result.tally);
    stalls.insert(stalls.end(), machine.stalls().begin(),
                  machine.stalls().end());
    result.span += machine.now() - stream.requests.front().at;
  }
  std::sort(stalls.begin(), stalls.end());
  result.stall_p95 = Percentile(stalls, result.tally.requests, 0.95);
  result.stall_p99 = Percentile(stalls, result.tally.requests, 0.99);
  return result;
}

}  // namespace warmup::replay
