#include "core/replay/trace.h"

#include <array>

#include "absl/strings/str_cat.h"

namespace warmup::replay {
namespace {

struct Size {
  int64_t mib;
  uint64_t weight;  // of 100
};
constexpr std::array<Size, 12> kLadder = {{{300, 10},
                                           {600, 10},
                                           {1200, 8},
                                           {2000, 12},
                                           {2600, 10},
                                           {4700, 18},
                                           {5200, 8},
                                           {8200, 8},
                                           {9300, 6},
                                           {13000, 5},
                                           {16000, 3},
                                           {20000, 2}}};

uint64_t Fnv1a64(std::string_view text) {
  uint64_t hash = 14'695'981'039'346'656'037ULL;
  for (const char byte : text) {
    hash ^= static_cast<unsigned char>(byte);
    hash *= 1'099'511'628'211ULL;
  }
  return hash;
}

}  // namespace

shadow::ItemCost DrawCost(std::string_view item, int64_t seed) {
  uint64_t hash = Fnv1a64(absl::StrCat(seed, ":", std::string(item)));
  hash ^= hash >> 32;
  uint64_t left = hash % 100;
  size_t step = 0;
  while (left >= kLadder[step].weight) left -= kLadder[step++].weight;
  const int64_t mib = kLadder[step].mib;
  return {.size = mib, .load = 1'000'000 + mib * 2'500 / 3};
}

std::vector<shadow::ItemCost> DrawCosts(const Trace& trace, int64_t seed) {
  std::vector<shadow::ItemCost> costs;
  costs.reserve(trace.items.size());
  for (size_t i = 0; i < trace.items.size(); ++i) {
    const bool is_told = i < trace.costs.size() && trace.costs[i].size > 0;
    costs.push_back(is_told ? trace.costs[i] : DrawCost(trace.items[i], seed));
  }
  return costs;
}

}  // namespace warmup::replay
