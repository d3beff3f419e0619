#include "core/foresight/hits.h"

namespace warmup::foresight {
namespace {

constexpr size_t kTop = 3;

// How many stand before the item or beside it; kTop: so many or more. Those
// that were not renewed are not promising, and so stand before nobody who is.
size_t RankOf(shadow::ItemId item, const Forecaster& forecaster) {
  const float chance = forecaster.ChanceOf(item)[kNext];
  if (chance <= 0) return kTop;
  size_t rank = 0;
  for (const shadow::ItemId other : forecaster.renewed()) {
    if (other == item || forecaster.ChanceOf(other)[kNext] < chance) continue;
    if (++rank == kTop) break;
  }
  return rank;
}

}  // namespace

void Hits::OnRequest(const shadow::Request& request,
                     const Forecaster& forecaster) {
  const size_t rank = RankOf(request.item, forecaster);
  const auto count = [&](Situation situation) {
    Counts& counts = counts_[situation];
    ++counts.uses;
    if (rank < 1) ++counts.top1;
    if (rank < kTop) ++counts.top3;
  };
  count(kAll);
  if (last_item_ != shadow::kNoItem) {
    if (request.item != last_item_) count(kSwitch);
    if (request.at - last_at_ > kIdle) count(kAfterIdle);
  }
  last_item_ = request.item;
  last_at_ = request.at;
}

}  // namespace warmup::foresight
