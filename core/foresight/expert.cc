#include "core/foresight/expert.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace warmup::foresight {
namespace {

using shadow::ItemId;
using shadow::Micros;

// A large item must earn its place, yet not quite by its size: one large item
// goes rather than several.
constexpr double kSizeExponent = 0.9;
constexpr double kLoadShare = 0.15;
constexpr double kFirstByte = 1;  // seconds of a load that are no transfer
// Both sides of a swap are estimates, and one that was wrong costs two loads.
constexpr double kSwapMargin = 1.05;
constexpr double kFetchShare = 0.75;
constexpr size_t kTried = 12;

}  // namespace

double PriceOf(const shadow::ItemCost& cost) {
  const double seconds = static_cast<double>(cost.load) * 1e-6;
  return kLoadShare * std::max(seconds - kFirstByte, 0.0);
}

Expert::Expert(const Kind& kind, shadow::Machine& machine, const Worth& worth,
               const LoadedOnDemand& on_demand)
    : kind_(kind), machine_(machine), worth_(worth), on_demand_(on_demand) {}

void Expert::Touch(ItemId item) {
  Past& past = past_[item];
  past.touched = ++touches_;
  const shadow::ItemCost& cost = machine_.CostOf(item);
  past.priority = clock_ + static_cast<double>(past.requests) *
                               static_cast<double>(cost.load) /
                               static_cast<double>(cost.size);
}

void Expert::OnRequest(const shadow::Request& request,
                       shadow::Outcome /*outcome*/) {
  ++past_[request.item].requests;
  Touch(request.item);
}

void Expert::OnStart(Micros, ItemId item) {
  Touch(item);
  started_ += machine_.CostOf(item).size;
}

void Expert::OnEvicted(Micros, ItemId item) {
  Past& past = past_[item];
  past.requests = 0;
  if (kind_.keep == Keep::kGdsf) clock_ = std::max(clock_, past.priority);
}

bool Expert::MakeRoom(Micros now, ItemId needed) {
  const int64_t lack = machine_.CostOf(needed).size - machine_.Free();
  const std::vector<ItemId> victims = Victims(machine_.ready(), lack);
  for (const ItemId victim : victims) machine_.Evict(now, victim);
  return !victims.empty();
}

double Expert::ValueOf(ItemId item) const {
  switch (kind_.keep) {
    case Keep::kRecent:
      break;
    case Keep::kGdsf:
      return past_.Get(item).priority;
    case Keep::kWorth:
      return worth_.keep(item);
  }
  return static_cast<double>(past_.Get(item).touched);
}

Expert::Order Expert::OrderOf(const std::vector<ItemId>& items,
                              bool for_each_byte) const {
  Order order;
  order.reserve(items.size());
  for (const ItemId item : items) {
    const auto size = static_cast<double>(machine_.CostOf(item).size);
    const double value = ValueOf(item);
    order.emplace_back(
        for_each_byte ? value / std::pow(size, kSizeExponent) : value,
        past_.Get(item).touched, item);
  }
  std::sort(order.begin(), order.end());
  return order;
}

std::vector<ItemId> Expert::Take(const Order& order, int64_t bytes) const {
  std::vector<ItemId> taken;
  for (const Key& key : order) {
    if (bytes <= 0) break;
    taken.push_back(std::get<ItemId>(key));
    bytes -= machine_.CostOf(taken.back()).size;
  }
  return taken;
}

void Expert::PutBack(int64_t bytes, std::vector<ItemId>* victims) const {
  for (const ItemId victim : *victims) bytes -= machine_.CostOf(victim).size;
  for (size_t i = victims->size(); i-- > 0;) {
    const int64_t size = machine_.CostOf((*victims)[i]).size;
    if (bytes + size > 0) continue;
    bytes += size;
    victims->erase(victims->begin() + static_cast<std::ptrdiff_t>(i));
  }
}

std::vector<ItemId> Expert::Victims(const std::vector<ItemId>& items,
                                    int64_t bytes) const {
  if (bytes <= 0 || items.empty()) return {};
  if (kind_.keep != Keep::kWorth) {
    return Take(OrderOf(items, /*for_each_byte=*/false), bytes);
  }
  const auto size = [&](ItemId item) {
    return static_cast<double>(machine_.CostOf(item).size);
  };
  double least = std::numeric_limits<double>::max();  // for a byte
  for (const ItemId item : items) {
    least = std::min(least, ValueOf(item) / size(item));
  }
  std::vector<ItemId> best;
  double least_loss = std::numeric_limits<double>::max();
  for (const bool for_each_byte : {true, false}) {
    std::vector<ItemId> victims = Take(OrderOf(items, for_each_byte), bytes);
    PutBack(bytes, &victims);
    double loss = 0;
    for (const ItemId victim : victims) {
      loss += ValueOf(victim) - kind_.spare_credit * least * size(victim);
    }
    if (loss >= least_loss) continue;
    least_loss = loss;
    best = std::move(victims);
  }
  return best;
}

ItemId Expert::Preload(Micros now) {
  if (!kind_.preloads) return shadow::kNoItem;
  ItemId best = shadow::kNoItem;
  double most = 0;
  std::vector<ItemId> victims_of_best;
  size_t tried = 0;
  for (const ItemId item : worth_.most_fetched()) {
    if (tried == kTried) break;
    const int64_t size = machine_.CostOf(item).size;
    if (!machine_.IsCold(item) || size > machine_.budget()) continue;
    ++tried;
    if (started_ + size > kMostLoaded * on_demand_.started) continue;
    std::vector<ItemId> victims;
    const double gain = GainOf(item, &victims);
    if (gain <= most) continue;
    most = gain;
    best = item;
    victims_of_best = std::move(victims);
  }
  for (const ItemId victim : victims_of_best) machine_.Evict(now, victim);
  return best;
}

double Expert::GainOf(ItemId item, std::vector<ItemId>* victims) const {
  int64_t lack = machine_.CostOf(item).size - machine_.Free();
  *victims = Victims(machine_.ready(), lack);
  double lost = 0;
  for (const ItemId victim : *victims) {
    lack -= machine_.CostOf(victim).size;
    lost += kFetchShare * worth_.fetch(victim) +
            (1 - kFetchShare) * worth_.keep(victim);
  }
  if (lack > 0) return 0;
  return worth_.fetch(item) - kSwapMargin * lost -
         PriceOf(machine_.CostOf(item));
}

}  // namespace warmup::foresight
