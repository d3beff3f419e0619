#ifndef WARMUP_ADAPTERS_ENGINES_EXEC_CPU_WATCH_H_
#define WARMUP_ADAPTERS_ENGINES_EXEC_CPU_WATCH_H_

#include <cstdint>
#include <map>
#include <vector>

#include "absl/time/time.h"
#include "adapters/engines/exec/process_table.h"

namespace warmup::exec {

// Tells use of a command from the processor time of its processes: there is
// nothing else that every server shows. Careful, because a wrong "busy" keeps a
// model in memory: one counts as used only after it has been seen idle, so that
// neither what it does to start nor an idle loop that spins is use.
// Not thread-safe.
class CpuWatch {
 public:
  // Of one core: above the one it is busy, below the other idle.
  static constexpr double kBusyShare = 0.2;
  static constexpr double kIdleShare = 0.05;
  // Less time between two looks says nothing: the clock of processors ticks.
  static constexpr absl::Duration kMinInterval = absl::Milliseconds(200);

  struct Verdict {
    bool is_busy = false;
    int64_t uses = 0;  // that began
  };
  // `processes` as they are at `now`. A process that was not seen before counts
  // from here on.
  Verdict Observe(absl::Time now, const std::vector<ProcessInfo>& processes,
                  int64_t ticks_per_second);

 private:
  absl::Time last_ = absl::InfinitePast();
  std::map<pid_t, int64_t> ticks_;
  bool was_idle_ = false;
  bool is_busy_ = false;
};

}  // namespace warmup::exec

#endif  // WARMUP_ADAPTERS_ENGINES_EXEC_CPU_WATCH_H_
