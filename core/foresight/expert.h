#ifndef WARMUP_CORE_FORESIGHT_EXPERT_H_
#define WARMUP_CORE_FORESIGHT_EXPERT_H_

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "core/foresight/worth.h"
#include "core/shadow/machine.h"
#include "core/shadow/per_item.h"

namespace warmup::foresight {

// By what an expert keeps items.
enum class Keep {
  kRecent,  // what was used last
  kGdsf,    // see shadow::Gdsf
  kWorth,   // what is worth keeping: see Worth
};

// What a guess is measured against: bytes that load on demand with LRU would
// have started to load by now.
struct LoadedOnDemand {
  int64_t started = 0;
};
// Guesses stop where all loads together are this many times as many bytes.
inline constexpr int64_t kMostLoaded = 2;
// Seconds of waiting that a guess must be worth for each MiB it loads: part of
// what the load itself takes.
double PriceOf(const shadow::ItemCost& cost);

// A way to decide, complete: what to evict, and whether to load unasked.
//
// By worth, a need is met by the items of least worth for each byte, or by
// those of least worth at all, whichever loses less; what they free beyond the
// need is credited by the least that a byte is worth here, in part. How large a
// part depends on the memory: where many items fit, others soon fill what is
// left; where two do, it stays empty.
class Expert : public shadow::Policy {
 public:
  struct Kind {
    std::string name;
    Keep keep = Keep::kRecent;
    bool preloads = false;
    double spare_credit = 0;  // the part, of kWorth
  };

  // All outlive it.
  Expert(const Kind& kind, shadow::Machine& machine, const Worth& worth,
         const LoadedOnDemand& on_demand);

  void OnRequest(const shadow::Request& request,
                 shadow::Outcome outcome) override;
  void OnStart(shadow::Micros now, shadow::ItemId item) override;
  void OnEvicted(shadow::Micros now, shadow::ItemId item) override;
  bool MakeRoom(shadow::Micros now, shadow::ItemId needed) override;
  shadow::ItemId Preload(shadow::Micros now) override;

  const Kind& kind() const { return kind_; }
  // Bytes of all loads that were started.
  int64_t started() const { return started_; }
  // Which of `items`, whether it holds them or not, it would evict for `bytes`,
  // the first first; fewer bytes where all of them are not enough.
  std::vector<shadow::ItemId> Victims(const std::vector<shadow::ItemId>& items,
                                      int64_t bytes) const;

 private:
  struct Past {
    int64_t touched = 0;
    int64_t requests = 0;  // since it was evicted
    double priority = 0;   // of GDSF
  };

  void Touch(shadow::ItemId item);
  // What is evicted last has the largest; of equal ones what was touched last.
  using Key = std::tuple<double, int64_t, shadow::ItemId>;
  using Order = std::vector<Key>;
  // By value, or by value for each byte.
  Order OrderOf(const std::vector<shadow::ItemId>& items,
                bool for_each_byte) const;
  double ValueOf(shadow::ItemId item) const;
  // From the front of an order until there are so many bytes.
  std::vector<shadow::ItemId> Take(const Order& order, int64_t bytes) const;
  // What proves unnecessary stays, the most valuable first.
  void PutBack(int64_t bytes, std::vector<shadow::ItemId>* victims) const;
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
