#ifndef WARMUP_CORE_FORESIGHT_EXPERT_H_
#define WARMUP_CORE_FORESIGHT_EXPERT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/foresight/worth.h"
#include "core/shadow/machine.h"
#include "core/shadow/per_item.h"
#include "core/shadow/room.h"

namespace warmup::foresight {

// By what an expert keeps items.
enum class Keep {
  kRecent,  // what was used last
  kGdsf,    // see shadow::Gdsf
  kWorth,   // what is worth keeping: see Worth
};

// What guesses are measured against: bytes that load on demand with LRU would
// have started to load by now. Guesses stop where all loads together are twice
// as many, and what fills the memory once.
struct LoadedOnDemand {
  int64_t started = 0;
  int64_t budget = 0;

  bool Allows(int64_t bytes) const { return bytes <= 2 * started + budget; }
};
// Seconds of waiting that a guess must be worth for each MiB it loads: part of
// what the load itself takes.
double PriceOf(const shadow::ItemCost& cost);

// A way to decide, complete: what to evict, and whether to load unasked.
class Expert : public shadow::Policy {
 public:
  struct Kind {
    std::string name;
    Keep keep = Keep::kRecent;
    bool preloads = false;
    // Where memory has a price: gives an item back that was idle so many times
    // as long as its memory takes to cost what its load does; 0: one of which
    // the forecast says that it is not worth holding.
    double keep_alive = 0;
    // Of one that preloads: who does the same, but does not.
    size_t twin = 0;
  };

  // All outlive it.
  Expert(const Kind& kind, shadow::Machine& machine, const Worth& worth,
         const LoadedOnDemand& on_demand);

  void OnRequest(const shadow::Request& request,
                 shadow::Outcome outcome) override;
  void OnStart(shadow::Micros now, shadow::ItemId item) override;
  void OnReady(shadow::Micros now, shadow::ItemId item) override;
  void OnEvicted(shadow::Micros now, shadow::ItemId item) override;
  bool MakeRoom(shadow::Micros now, shadow::ItemId needed) override;
  shadow::ItemId Preload(shadow::Micros now) override;

  // Whether it would give the item back, if it held it.
  bool GivesBack(shadow::Micros now, shadow::ItemId item) const;
  void GiveBack(shadow::Micros now);

  const Kind& kind() const { return kind_; }
  // Bytes of all loads that were started.
  int64_t started() const { return started_; }
  // An item as it sees it, whether it holds it or not: for ChooseVictims.
  shadow::Occupant OccupantOf(shadow::ItemId item) const;
  shadow::EvictBy evict_by() const {
    return kind_.keep == Keep::kWorth ? shadow::EvictBy::kWorth
                                      : shadow::EvictBy::kValue;
  }

  // For Foresight::Save and Load.
  template <typename Archive>
  void Persist(Archive& archive) {
    archive(past_, touches_, clock_, started_);
  }

 private:
  struct Past {
    int64_t touched = 0;
    shadow::Micros used = 0;  // or became ready
    int64_t requests = 0;     // since it was evicted
    double priority = 0;      // of GDSF

    template <typename Archive>
    void Persist(Archive& archive) {
      archive(touched, used, requests, priority);
    }
  };

  void Touch(shadow::ItemId item);
  double ValueOf(shadow::ItemId item) const;
  // Of those that are ready, for what is lacking.
  std::vector<shadow::ItemId> Victims(const shadow::Lack& lack) const;
  // Seconds that a guess is expected to save beyond its price and what its
  // victims are worth, which are added to `victims`; 0: it cannot be made.
  double GainOf(shadow::ItemId item,
                std::vector<shadow::ItemId>* victims) const;

  const Kind kind_;
  shadow::Machine& machine_;
  const Worth& worth_;
  const LoadedOnDemand& on_demand_;
  shadow::PerItem<Past> past_;
  int64_t touches_ = 0;
  double clock_ = 0;
  int64_t started_ = 0;
};

}  // namespace warmup::foresight

#endif  // WARMUP_CORE_FORESIGHT_EXPERT_H_
