#include "core/shadow/room.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

namespace warmup::shadow {
namespace {

// A large item must earn its place, yet not quite by its size: one large item
// goes rather than several.
constexpr double kSizeExponent = 0.9;

double SizeOf(const Occupant& occupant) {
  return static_cast<double>(std::max<int64_t>(occupant.cost.size, 1));
}

std::vector<size_t> OrderOf(const std::vector<Occupant>& occupants,
                            bool for_each_byte) {
  using Key = std::tuple<double, int64_t, ItemId, size_t>;
  std::vector<Key> keys;
  keys.reserve(occupants.size());
  for (const Occupant& occupant : occupants) {
    keys.emplace_back(
        for_each_byte
            ? occupant.value / std::pow(SizeOf(occupant), kSizeExponent)
            : occupant.value,
        occupant.touched, occupant.item, keys.size());
  }
  std::sort(keys.begin(), keys.end());
  std::vector<size_t> order;
  order.reserve(keys.size());
  for (const Key& key : keys) order.push_back(std::get<size_t>(key));
  return order;
}

// From the front of the order until there is room.
std::vector<size_t> Take(const std::vector<Occupant>& occupants,
                         const std::vector<size_t>& order, Lack* lack) {
  std::vector<size_t> taken;
  for (const size_t i : order) {
    if (lack->IsMet()) break;
    if (!lack->IsHelpedBy(occupants[i].cost)) continue;
    taken.push_back(i);
    *lack = lack->Without(occupants[i].cost);
  }
  return taken;
}

// What proves unnecessary stays, the most valuable first.
void PutBack(const std::vector<Occupant>& occupants, Lack lack,
             std::vector<size_t>* victims) {
  for (size_t v = victims->size(); v-- > 0;) {
    const Lack kept = lack.With(occupants[(*victims)[v]].cost);
    if (!kept.IsMet()) continue;
    lack = kept;
    victims->erase(victims->begin() + static_cast<std::ptrdiff_t>(v));
  }
}

}  // namespace

std::vector<size_t> ChooseVictims(const std::vector<Occupant>& occupants,
                                  const Lack& lack, const Keeping& keeping) {
  if (lack.IsMet() || occupants.empty()) return {};
  if (!keeping.is_by_worth) {
    Lack left = lack;
    return Take(occupants, OrderOf(occupants, /*for_each_byte=*/false), &left);
  }
  double least = std::numeric_limits<double>::max();  // for a byte
  for (const Occupant& occupant : occupants) {
    least = std::min(least, occupant.value / SizeOf(occupant));
  }
  std::vector<size_t> best;
  double least_loss = std::numeric_limits<double>::max();
  for (const bool for_each_byte : {true, false}) {
    Lack left = lack;
    std::vector<size_t> victims =
        Take(occupants, OrderOf(occupants, for_each_byte), &left);
    PutBack(occupants, left, &victims);
    double loss = 0;
    for (const size_t victim : victims) {
      loss += occupants[victim].value -
              keeping.spare_credit * least * SizeOf(occupants[victim]);
    }
    if (loss >= least_loss) continue;
    least_loss = loss;
    best = std::move(victims);
  }
  return best;
}

}  // namespace warmup::shadow
