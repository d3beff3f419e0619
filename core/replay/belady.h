#ifndef WARMUP_CORE_REPLAY_BELADY_H_
#define WARMUP_CORE_REPLAY_BELADY_H_

#include <utility>

#include "core/replay/future.h"
#include "core/shadow/machine.h"
#include "core/shadow/per_item.h"

namespace warmup::replay {

// A yardstick (Belady, "A study of replacement algorithms for a
// virtual-storage computer", IBM Systems Journal 5(2), 1966): evicts what is
// requested last of all; of equals, what has been ready for longest. Loads
// nothing unasked.
class Belady : public shadow::Policy {
 public:
  Belady(shadow::Machine& machine, Future future)
      : machine_(machine), future_(std::move(future)) {}

  void OnRequest(const shadow::Request& request,
                 shadow::Outcome outcome) override;
  void OnReady(shadow::Micros now, shadow::ItemId item) override;
  bool MakeRoom(shadow::Micros now, shadow::ItemId needed) override;

 protected:
  shadow::Machine& machine() { return machine_; }
  Future& future() { return future_; }

 private:
  shadow::Machine& machine_;
  Future future_;
  int64_t loads_ = 0;
  shadow::PerItem<int64_t> loaded_;  // as which load it became ready
};

}  // namespace warmup::replay

#endif  // WARMUP_CORE_REPLAY_BELADY_H_
