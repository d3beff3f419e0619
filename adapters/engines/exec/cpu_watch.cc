#include "adapters/engines/exec/cpu_watch.h"

#include <algorithm>
#include <utility>

namespace warmup::exec {

CpuWatch::Verdict CpuWatch::Observe(absl::Time now,
                                    const std::vector<ProcessInfo>& processes,
                                    int64_t ticks_per_second) {
  const absl::Duration interval = now - last_;
  if (interval < kMinInterval) return {is_busy_, 0};
  std::map<pid_t, int64_t> ticks;
  int64_t used = 0;
  for (const ProcessInfo& process : processes) {
    ticks[process.pid] = process.cpu_ticks;
    const auto before = ticks_.find(process.pid);
    if (before == ticks_.end()) continue;
    used += std::max<int64_t>(0, process.cpu_ticks - before->second);
  }
  const bool is_first = last_ == absl::InfinitePast();
  last_ = now;
  ticks_ = std::move(ticks);
  if (is_first) return {};
  const double share = static_cast<double>(used) /
                       static_cast<double>(ticks_per_second) /
                       absl::ToDoubleSeconds(interval);
  if (share < kIdleShare) was_idle_ = true;
  const bool was_busy = is_busy_;
  is_busy_ = was_idle_ && share > kBusyShare;
  return {is_busy_, is_busy_ && !was_busy ? 1 : 0};
}

}  // namespace warmup::exec
