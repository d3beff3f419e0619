#ifndef WARMUP_CORE_SHADOW_GDSF_H_
#define WARMUP_CORE_SHADOW_GDSF_H_

#include <utility>

#include "core/shadow/machine.h"
#include "core/shadow/per_item.h"
#include "core/shadow/ranked.h"

namespace warmup::shadow {

// Greedy-Dual-Size-Frequency (Cherkasova, "Improving WWW Proxies Performance
// with Greedy-Dual-Size-Frequency Caching Policy", HPL-98-69R1, 1998): evicts
// the item of the least clock + requests x load time / size, requests counted
// since its last eviction; the clock rises to what was evicted, so that what
// was dear once grows old.
class Gdsf : public Policy {
 public:
  // `machine` outlives the policy.
  explicit Gdsf(Machine& machine) : machine_(machine) {}

  void OnRequest(const Request& request, Outcome outcome) override;
  void OnStart(Micros now, ItemId item) override;
  void OnReady(Micros now, ItemId item) override;
  void OnEvicted(Micros now, ItemId item) override;
  bool MakeRoom(Micros now, ItemId needed) override;

 private:
  // Of equal worth, what was ranked first goes first.
  using Priority = std::pair<double, int64_t>;

  void Rank(ItemId item);

  Machine& machine_;
  double clock_ = 0;
  int64_t ranks_ = 0;
  PerItem<int64_t> requests_;
  PerItem<Priority> priorities_;
  Ranked<Priority> order_;  // of ready items
};

}  // namespace warmup::shadow

#endif  // WARMUP_CORE_SHADOW_GDSF_H_
