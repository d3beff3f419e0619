#include "core/replay/replay.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <type_traits>

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
  machine.Advance(stream.requests.front().at);
  size_t passed = 0;
  Listen(stream, [&](const auto& seen) {
    machine.Handle(catalogue.Rename(seen));
    if constexpr (std::is_same_v<decltype(seen), const shadow::Request&>) {
      if (++passed % kProgressStep == 0) on_progress(kProgressStep);
    }
  });
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
