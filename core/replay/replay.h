#ifndef WARMUP_CORE_REPLAY_REPLAY_H_
#define WARMUP_CORE_REPLAY_REPLAY_H_

#include <functional>
#include <vector>

#include "core/replay/catalogue.h"
#include "core/replay/policies.h"
#include "core/replay/stream.h"
#include "core/shadow/machine.h"

namespace warmup::replay {

// What came of a trace under one policy: of all machines together.
struct Result {
  shadow::Tally tally;
  shadow::Micros span = 0;  // from each machine's first row to its end
  // Of all requests that were served, nearest rank.
  shadow::Micros stall_p95 = 0;
  shadow::Micros stall_p99 = 0;
};

// Replays each stream on a machine of its own, with a policy of its own; the
// budget is in MiB. `on_progress` is told now and then how many more requests
// were replayed.
Result Replay(const std::vector<Stream>& streams, const Catalogue& catalogue,
              const PolicyType& policy, const shadow::Machine::Options& options,
              const std::function<void(size_t requests)>& on_progress);

}  // namespace warmup::replay

#endif  // WARMUP_CORE_REPLAY_REPLAY_H_
