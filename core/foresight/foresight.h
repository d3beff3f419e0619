#ifndef WARMUP_CORE_FORESIGHT_FORESIGHT_H_
#define WARMUP_CORE_FORESIGHT_FORESIGHT_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/foresight/forecaster.h"
#include "core/foresight/hits.h"
#include "core/foresight/pool.h"
#include "core/foresight/worth.h"
#include "core/shadow/machine.h"

namespace warmup::foresight {

// Knows what will be used next, and what to do about it: one forecaster for
// all that is used on this machine, and a Pool for each of its memories
// (docs/foresight.md). The same code in the daemon and in the replay. Times
// never go back; what is due until a time is done at the time it was due, so it
// makes no difference how often anybody asks. Not thread-safe.
class Foresight {
 public:
  // `costs` outlives it; it may grow and change.
  explicit Foresight(const std::vector<shadow::ItemCost>& costs);

  // Items whose cost names this pool are its. Pools are numbered from 0.
  Pool& AddPool(const shadow::Machine::Options& options);
  Pool& pool(size_t number) { return *pools_[number]; }
  const Pool& pool(size_t number) const { return *pools_[number]; }
  size_t pool_count() const { return pools_.size(); }

  // What is to be added to a time for the hour and the weekday that people
  // there have, counted from 1970.
  void set_local_time(shadow::Micros offset) {
    forecaster_.set_local_time(offset);
  }

  // What holding memory costs, see Worth; 0 at first. What is held is judged
  // anew by it at once, that is at the next Advance.
  void SetPrice(shadow::Micros now, double price);

  void Advance(shadow::Micros now);
  // `real`: see Pool::OnRequest; of the item's pool.
  void OnRequest(const shadow::Request& request, const Spent& real);
  // A request that was heard of too late for anything but to be learned from.
  void OnPast(const shadow::Request& request);
  void OnContext(const shadow::ContextEvent& event);
  // When something will change by itself; Machine::kNever: not at all.
  shadow::Micros NextChange() const;

  const Forecaster& forecaster() const { return forecaster_; }
  // Of what OnRequest was told.
  const Hits& hits() const { return hits_; }

  // What was learned, and how the shadows stand; as of a build of the same
  // kStateVersion, for pools of the same number and budgets.
  static constexpr int64_t kStateVersion = 2;
  std::string Save() const;
  // Goes on as the one that was saved would. DATA_LOSS: damaged; then it is as
  // new. What was learned is taken up also where pools are other ones now:
  // these begin anew.
  absl::Status Load(const std::string& state);

 private:
  void AdvancePools(shadow::Micros now);
  void Refresh(shadow::Micros now, Forecaster::Occasion occasion);
  void PlanRefresh(shadow::Micros now);
  // The same pools, as new.
  void ClearPools();

  const std::vector<shadow::ItemCost>& costs_;
  Forecaster forecaster_;
  Hits hits_;
  Worth worth_;
  std::vector<shadow::Machine::Options> pool_options_;
  std::vector<std::unique_ptr<Pool>> pools_;
  shadow::Micros last_request_ = 0;
  int refreshes_ = 0;  // since the last request
  shadow::Micros next_refresh_ = shadow::Machine::kNever;
};

}  // namespace warmup::foresight

#endif  // WARMUP_CORE_FORESIGHT_FORESIGHT_H_
