#ifndef WARMUP_CORE_FORESIGHT_WORTH_H_
#define WARMUP_CORE_FORESIGHT_WORTH_H_

#include <vector>

#include "core/foresight/forecaster.h"
#include "core/foresight/holding.h"
#include "core/shadow/machine.h"
#include "core/shadow/per_item.h"

namespace warmup::foresight {

// What forecasts make items worth: seconds of waiting that having one ready is
// expected to save. Sums over several horizons: whatever is used within the
// shortest counts for all, so that the sum grows as the use comes near, on a
// logarithmic scale. Where memory has a price, also whether it is worth that,
// and what is fetched pays for it. One moment's values for all who decide.
class Worth {
 public:
  // `costs` outlives it and may grow.
  explicit Worth(const std::vector<shadow::ItemCost>& costs) : costs_(&costs) {}

  // What a unit of size held for a second costs, in seconds of waiting.
  void set_price(double price) { price_ = price; }
  double price() const { return price_; }

  void Update(shadow::Micros now, const Forecaster& forecaster);

  // Of keeping it; of fetching it now, which looks less far.
  double keep(shadow::ItemId item) const { return keep_.Get(item); }
  double fetch(shadow::ItemId item) const { return fetch_.Get(item); }
  // Whether it is worth its memory until it is used again. What was not judged
  // yet is.
  bool is_worth_holding(shadow::ItemId item) const {
    return !is_dear_.Get(item);
  }
  // Those most worth fetching, kMostFetched at most, the first first.
  static constexpr size_t kMostFetched = 40;
  const std::vector<shadow::ItemId>& most_fetched() const { return fetched_; }

  // For Foresight::Save and Load.
  template <typename Archive>
  void Persist(Archive& archive) {
    archive(keep_, fetch_, is_dear_, is_listed_, fetched_);
  }

 private:
  const std::vector<shadow::ItemCost>* costs_;
  double price_ = 0;
  shadow::PerItem<double> keep_;
  shadow::PerItem<double> fetch_;
  shadow::PerItem<char> is_dear_;  // for what it saves
  shadow::PerItem<char> is_listed_;
  std::vector<shadow::ItemId> fetched_;
};

}  // namespace warmup::foresight

#endif  // WARMUP_CORE_FORESIGHT_WORTH_H_
