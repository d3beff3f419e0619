#ifndef WARMUP_CORE_FORESIGHT_WARMUP_POLICY_H_
#define WARMUP_CORE_FORESIGHT_WARMUP_POLICY_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "core/foresight/expert.h"
#include "core/foresight/forecaster.h"
#include "core/foresight/selector.h"
#include "core/foresight/worth.h"
#include "core/shadow/machine.h"

namespace warmup::foresight {

// Our policy (docs/foresight.md): a forecaster whose forecasts several experts
// use, each on a shadow machine of its own that costs nothing but arithmetic,
// and a selector of the one whose lead the real machine follows. It follows
// lazily: where room is needed, what the leader does not hold goes first, in
// the leader's order; what it loads unasked is loaded, nothing else.
//
// Followed from the start, the real machine does exactly what the shadow does.
class WarmupPolicy : public shadow::Policy {
 public:
  // All outlive it; `costs` may grow.
  WarmupPolicy(shadow::Machine& machine,
               const std::vector<shadow::ItemCost>& costs);

  void OnRequest(const shadow::Request& request,
                 shadow::Outcome outcome) override;
  void OnContext(const shadow::ContextEvent& event) override;
  void OnStart(shadow::Micros now, shadow::ItemId item) override;
  void OnReady(shadow::Micros now, shadow::ItemId item) override;
  void OnTimer(shadow::Micros now, int64_t token) override;
  bool MakeRoom(shadow::Micros now, shadow::ItemId needed) override;
  shadow::ItemId Preload(shadow::Micros now) override;

  const Forecaster& forecaster() const { return forecaster_; }
  const Selector& selector() const { return selector_; }
  struct Shadow {
    std::unique_ptr<shadow::Machine> machine;
    std::unique_ptr<Expert> expert;
  };
  const std::vector<Shadow>& shadows() const { return shadows_; }

 private:
  const Shadow& leader() const { return shadows_[selector_.current()]; }
  // What ended on the shadows until then, they decided on by what was known.
  void Advance(shadow::Micros now);
  void Refresh(shadow::Micros now, Forecaster::Occasion occasion);
  void Poke(shadow::Micros now);
  void ChooseLeader(shadow::Micros now);
  // Ready items that the leader does not hold, or that it holds.
  std::vector<shadow::ItemId> Ready(bool is_held) const;

  shadow::Machine& machine_;
  const std::vector<shadow::ItemCost>& costs_;
  Forecaster forecaster_;
  Worth worth_;
  LoadedOnDemand on_demand_;
  std::vector<Shadow> shadows_;
  Selector selector_;
  int64_t started_ = 0;
  int64_t lru_misses_ = 0;
  shadow::Micros last_request_ = 0;
  int64_t timers_ = 0;  // which of them still count: those of the last request
};

}  // namespace warmup::foresight

#endif  // WARMUP_CORE_FORESIGHT_WARMUP_POLICY_H_
