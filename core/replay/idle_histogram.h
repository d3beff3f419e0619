#ifndef WARMUP_CORE_REPLAY_IDLE_HISTOGRAM_H_
#define WARMUP_CORE_REPLAY_IDLE_HISTOGRAM_H_

#include <cstdint>
#include <vector>

#include "core/shadow/machine.h"

namespace warmup::replay {

// How long one item goes without a request, in bins of a minute up to four
// hours, and when that says it should be in memory: the histogram policy of
// Shahrad et al., "Serverless in the Wild: Characterizing and Optimizing the
// Serverless Workload at a Large Cloud Provider", USENIX ATC 2020, section 4.2.
class IdleHistogram {
 public:
  // After a request: evict at once, load again after `prewarm` (0: keep it),
  // and then keep it for `keep_alive`.
  struct Windows {
    shadow::Micros prewarm = 0;
    shadow::Micros keep_alive = 0;
  };

  void Record(shadow::Micros idle);
  Windows Decide() const;

 private:
  bool IsRepresentative() const;

  std::vector<int64_t> bins_;
  int64_t inside_ = 0;   // how many are in the bins
  int64_t outside_ = 0;  // and how many were longer
};

}  // namespace warmup::replay

#endif  // WARMUP_CORE_REPLAY_IDLE_HISTOGRAM_H_
