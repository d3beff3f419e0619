#ifndef WARMUP_CORE_REPLAY_CLAIRVOYANT_H_
#define WARMUP_CORE_REPLAY_CLAIRVOYANT_H_

#include "core/replay/belady.h"
#include "core/shadow/ranked.h"

namespace warmup::replay {

// A yardstick: evicts as Belady, and whenever a slot is free loads the item
// that is missing next, if what is requested later than that makes room for
// it. Greedy: good, not proven to be the best.
class Clairvoyant : public Belady {
 public:
  Clairvoyant(shadow::Machine& machine, Future future, size_t items);

  void OnRequest(const shadow::Request& request,
                 shadow::Outcome outcome) override;
  void OnStart(shadow::Micros now, shadow::ItemId item) override;
  void OnEvicted(shadow::Micros now, shadow::ItemId item) override;
  void OnCancelled(shadow::Micros now, shadow::ItemId item) override;
  shadow::ItemId Preload(shadow::Micros now) override;

 private:
  void Miss(shadow::ItemId item);
  bool MakeRoomForGuess(shadow::Micros now, shadow::ItemId guess);

  shadow::Ranked<int64_t> missing_;  // by their next request
};

}  // namespace warmup::replay

#endif  // WARMUP_CORE_REPLAY_CLAIRVOYANT_H_
