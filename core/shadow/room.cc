#include "core/shadow/room.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <tuple>
#include <utility>

#include "core/base/fast_math.h"

namespace warmup::shadow {
namespace {

// A large item must earn its place, yet not quite by its size: one large item
// goes rather than several.
constexpr float kSizeExponent = 0.9F;

double SizeOf(const Occupant& occupant) {
  return static_cast<double>(std::max<int64_t>(occupant.cost.size, 1));
}

// Of equal value, what was touched last stays.
using Key = std::tuple<double, int64_t, ItemId, size_t>;

std::vector<Key> KeysOf(const std::vector<Occupant>& occupants,
                        bool for_each_byte) {
  std::vector<Key> keys;
  keys.reserve(occupants.size());
  for (const Occupant& occupant : occupants) {
    double value = occupant.value;
    if (for_each_byte) {
      const auto size = static_cast<float>(SizeOf(occupant));
      value *= static_cast<double>(FastExp2(-kSizeExponent * FastLog2(size)));
    }
    keys.emplace_back(value, occupant.touched, occupant.item, keys.size());
  }
  return keys;
}

// The least until there is room.
std::vector<size_t> Take(const std::vector<Occupant>& occupants,
                         bool for_each_byte, Lack* lack) {
  std::vector<Key> keys = KeysOf(occupants, for_each_byte);
  std::vector<size_t> taken;
  // Few of many are taken: a heap.
  std::make_heap(keys.begin(), keys.end(), std::greater<>());
  while (!lack->IsMet() && !keys.empty()) {
    std::pop_heap(keys.begin(), keys.end(), std::greater<>());
    const auto i = std::get<size_t>(keys.back());
    keys.pop_back();
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

// What victims free beyond the need is credited by the least that a byte is
// worth here, in this part. Where many items are, others soon fill what is
// left; where two are, it stays empty.
double SpareCredit(size_t items) {
  const double filled = 1 - 1 / static_cast<double>(items);
  return filled * filled;
}

}  // namespace

std::vector<size_t> ChooseVictims(const std::vector<Occupant>& occupants,
                                  const Lack& lack, EvictBy order) {
  if (lack.IsMet() || occupants.empty()) return {};
  if (order == EvictBy::kValue) {
    Lack left = lack;
    return Take(occupants, /*for_each_byte=*/false, &left);
  }
  double least = std::numeric_limits<double>::max();  // for a byte
  for (const Occupant& occupant : occupants) {
    least = std::min(least, occupant.value / SizeOf(occupant));
  }
  const double credit = SpareCredit(occupants.size());
  std::vector<size_t> best;
  double least_loss = std::numeric_limits<double>::max();
  for (const bool for_each_byte : {true, false}) {
    Lack left = lack;
    std::vector<size_t> victims = Take(occupants, for_each_byte, &left);
    PutBack(occupants, left, &victims);
    double loss = 0;
    for (const size_t victim : victims) {
      loss +=
          occupants[victim].value - credit * least * SizeOf(occupants[victim]);
    }
    if (loss >= least_loss) continue;
    least_loss = loss;
    best = std::move(victims);
  }
  return best;
}

}  // namespace warmup::shadow
