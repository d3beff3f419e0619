#include "core/replay/catalogue.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"

namespace warmup::replay {
namespace {

// The numbers below `count` in a random order. (std::shuffle's differs from
// one standard library to the next.)
std::vector<int32_t> Shuffled(size_t count, std::mt19937_64& random) {
  std::vector<int32_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0);
  for (size_t i = count; i > 1; --i) {
    std::swap(numbers[i - 1], numbers[random() % i]);
  }
  return numbers;
}

}  // namespace

shadow::Request Catalogue::Rename(shadow::Request request) const {
  request.user = users[static_cast<size_t>(request.user)];
  request.item = items[static_cast<size_t>(request.item)];
  return request;
}

shadow::ContextEvent Catalogue::Rename(shadow::ContextEvent event) const {
  if (event.user >= 0) event.user = users[static_cast<size_t>(event.user)];
  if (event.announced != shadow::kNoItem) {
    event.announced = items[static_cast<size_t>(event.announced)];
  }
  return event;
}

Catalogue DrawCatalogue(const Trace& trace, int64_t seed) {
  std::vector<shadow::ItemCost> costs = DrawCosts(trace, seed);
  Catalogue catalogue;
  std::vector<int64_t> sizes;
  for (size_t i = 0; i < trace.requested_items; ++i) {
    sizes.push_back(costs[i].size);
    catalogue.footprint_mib += costs[i].size;
  }
  if (!sizes.empty()) {
    const auto median =
        sizes.begin() + static_cast<std::ptrdiff_t>((sizes.size() - 1) / 2);
    std::nth_element(sizes.begin(), median, sizes.end());
    catalogue.median_mib = *median;
  }
  const size_t decoys = std::max<size_t>(1, costs.size() / 10);
  for (size_t i = 0; i < decoys; ++i) {
    costs.push_back(DrawCost(absl::StrCat("decoy ", i), seed));
  }
  std::mt19937_64 random(static_cast<uint64_t>(seed));
  catalogue.items = Shuffled(costs.size(), random);
  catalogue.users = Shuffled(trace.users.size(), random);
  catalogue.costs.resize(costs.size());
  for (size_t i = 0; i < costs.size(); ++i) {
    catalogue.costs[static_cast<size_t>(catalogue.items[i])] = costs[i];
  }
  return catalogue;
}

}  // namespace warmup::replay
