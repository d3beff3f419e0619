#ifndef WARMUP_CORE_FORESIGHT_POOL_H_
#define WARMUP_CORE_FORESIGHT_POOL_H_

#include <cstdint>
#include <memory>
#include <set>
#include <vector>

#include "core/foresight/expert.h"
#include "core/foresight/selector.h"
#include "core/foresight/worth.h"
#include "core/shadow/machine.h"
#include "core/shadow/ttl.h"

namespace warmup::foresight {

// What was spent since whenever.
struct Spent {
  // Seconds that users waited, and that at least one of them did, together.
  double waited = 0;
  double occupied = 0;  // size x seconds
};
// On a machine, by its last event.
Spent SpentOn(const shadow::Machine& machine);

// One pool of memory: several experts, each on a shadow machine of its own that
// costs nothing but arithmetic, and a selector of the one whose lead reality
// follows. It follows lazily: where room is needed, what the leader does not
// hold goes first, in the leader's order; what it loads unasked is loaded,
// nothing else. Followed from the start, reality does exactly what the shadow
// does.
class Pool {
 public:
  // Both outlive it.
  Pool(const shadow::Machine::Options& options,
       const std::vector<shadow::ItemCost>& costs, const Worth& worth);

  void set_limits(const shadow::Machine::Limits& limits);

  // What ended on the shadows until then, they decided on by what was known.
  void Advance(shadow::Micros now);
  // A forecast is new.
  void Poke(shadow::Micros now);
  // After the forecast; `real`: what became of this pool in reality until now.
  void OnRequest(const shadow::Request& request, const Spent& real);
  // Reality begins to load something.
  void OnStart(int64_t bytes) { started_ += bytes; }
  // When a shadow's next load ends; Machine::kNever: none.
  shadow::Micros NextEnd() const;

  // --- What the leader advises ---
  // Whether it holds or loads the item. What it does not goes first.
  bool Holds(shadow::ItemId item) const;
  // Whether it has given it back, or would: it is not worth its memory.
  bool IsGivenBack(shadow::Micros now, shadow::ItemId item) const {
    return !Holds(item) && leader().expert->GivesBack(now, item);
  }
  shadow::Occupant OccupantOf(shadow::ItemId item) const {
    return leader().expert->OccupantOf(item);
  }
  shadow::EvictBy evict_by() const { return leader().expert->evict_by(); }
  // What is worth loading although nobody asks, the first first: what it is
  // loading, then what it holds and would still load. A guess takes the place
  // only of what it does not hold.
  std::vector<shadow::ItemId> Guesses() const;

  struct Shadow {
    std::unique_ptr<shadow::Machine> machine;
    std::unique_ptr<Expert> expert;
  };
  // The first one is load on demand with LRU.
  const std::vector<Shadow>& shadows() const { return shadows_; }
  // Never followed, only told about: what Ollama does by default, load on
  // demand and keep for five minutes after the last use.
  const shadow::Machine& ollama_default() const { return ollama_default_; }
  const Selector& selector() const { return selector_; }

  // For Foresight::Save and Load.
  template <typename Archive>
  void Persist(Archive& archive) {
    for (const Shadow& shadow : shadows_) {
      archive(*shadow.machine, *shadow.expert);
    }
    archive(on_demand_.started, selector_, started_, lru_misses_, choices_,
            mean_load_, requested_, losses_, occupied_);
  }

 private:
  const Shadow& leader() const { return shadows_[selector_.current()]; }
  void ChooseLeader(const Spent& real);
  double LossOf(const Spent& spent, size_t account);
  // Seconds, of the items that were requested and fit.
  double MeanLoad() const;

  const std::vector<shadow::ItemCost>& costs_;
  const Worth& worth_;
  LoadedOnDemand on_demand_;
  std::vector<Shadow> shadows_;
  shadow::Machine ollama_default_;
  shadow::Ttl ollama_policy_;
  Selector selector_;
  int64_t started_ = 0;
  int64_t lru_misses_ = 0;
  int64_t choices_ = 0;
  double mean_load_ = 0;
  std::set<shadow::ItemId> requested_;
  // What held memory has cost each shadow, and reality, at the price of then;
  // and for how much of it.
  std::vector<double> losses_;
  std::vector<double> occupied_;
};

}  // namespace warmup::foresight

#endif  // WARMUP_CORE_FORESIGHT_POOL_H_
