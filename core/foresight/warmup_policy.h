#ifndef WARMUP_CORE_FORESIGHT_WARMUP_POLICY_H_
#define WARMUP_CORE_FORESIGHT_WARMUP_POLICY_H_

#include <cstdint>
#include <vector>

#include "core/foresight/foresight.h"
#include "core/shadow/machine.h"

namespace warmup::foresight {

// Foresight as the policy of a machine that is reality: what the replay runs.
class WarmupPolicy : public shadow::Policy {
 public:
  // All outlive it; `costs` may grow. `price`: see Foresight::SetPrice.
  WarmupPolicy(shadow::Machine& machine,
               const std::vector<shadow::ItemCost>& costs, double price = 0);

  void OnRequest(const shadow::Request& request,
                 shadow::Outcome outcome) override;
  void OnContext(const shadow::ContextEvent& event) override;
  void OnStart(shadow::Micros now, shadow::ItemId item) override;
  void OnReady(shadow::Micros now, shadow::ItemId item) override;
  void OnTimer(shadow::Micros now, int64_t token) override;
  bool MakeRoom(shadow::Micros now, shadow::ItemId needed) override;
  shadow::ItemId Preload(shadow::Micros now) override;

  const Foresight& foresight() const { return foresight_; }
  const Pool& pool() const { return foresight_.pool(0); }

 private:
  // Gives back what the leader has.
  void GiveBack(shadow::Micros now);
  // Asks for a call when something changes by itself.
  void SetTimer();
  // Of the ready items that the leader holds, or does not hold, which go for
  // what is lacking; less by them.
  std::vector<shadow::ItemId> Victims(bool is_held, shadow::Lack* lack) const;

  shadow::Machine& machine_;
  Foresight foresight_;
  shadow::Micros timer_at_ = shadow::Machine::kNever;
  int64_t timers_ = 0;  // the last one counts
};

}  // namespace warmup::foresight

#endif  // WARMUP_CORE_FORESIGHT_WARMUP_POLICY_H_
