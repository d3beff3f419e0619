#include "core/replay/catalogue.h"

#include <algorithm>
#include <string>

#include "tests/support/catch.h"

namespace warmup::replay {
namespace {

// Items 0 to `requested` - 1 are requested, the rest only announced.
Trace Make(size_t requested, size_t items, size_t users = 1) {
  Trace trace;
  trace.requested_items = requested;
  for (size_t i = 0; i < items; ++i) {
    trace.items.push_back("item" + std::to_string(i));
  }
  for (size_t i = 0; i < users; ++i) trace.users.push_back("user");
  return trace;
}

TEST_CASE("Catalogue: an item is renamed and keeps its cost") {
  const Trace trace = Make(40, 40, 7);
  const Catalogue catalogue = DrawCatalogue(trace, 3);
  const auto costs = DrawCosts(trace, 3);
  for (size_t i = 0; i < 40; ++i) {
    const auto renamed =
        catalogue.Rename(shadow::Request{5, 2, static_cast<int32_t>(i)});
    CHECK(renamed.at == 5);
    CHECK(renamed.user == catalogue.users[2]);
    CHECK(catalogue.costs[static_cast<size_t>(renamed.item)].size ==
          costs[i].size);
  }
}

TEST_CASE("Catalogue: numbers are a permutation, another with another seed") {
  const Trace trace = Make(50, 50);
  const std::vector<shadow::ItemId> first = DrawCatalogue(trace, 1).items;
  std::vector<shadow::ItemId> sorted = first;
  std::sort(sorted.begin(), sorted.end());
  for (size_t i = 0; i < sorted.size(); ++i) {
    CHECK(sorted[i] == static_cast<shadow::ItemId>(i));
  }
  CHECK_FALSE(std::is_sorted(first.begin(), first.end()));
  CHECK(first == DrawCatalogue(trace, 1).items);
  CHECK(first != DrawCatalogue(trace, 2).items);
}

TEST_CASE(
    "Catalogue: a tenth as many decoys, at least one, which count nowhere") {
  CHECK(DrawCatalogue(Make(50, 50), 1).costs.size() == 55);
  CHECK(DrawCatalogue(Make(3, 3), 1).costs.size() == 4);
  const Trace trace = Make(3, 3);
  int64_t sum = 0;
  for (const shadow::ItemCost& cost : DrawCosts(trace, 1)) sum += cost.size;
  CHECK(DrawCatalogue(trace, 1).footprint_mib == sum);
}

TEST_CASE("Catalogue: footprint and median are of requested items") {
  const Trace trace = Make(4, 9);
  std::vector<int64_t> sizes;
  int64_t sum = 0;
  for (size_t i = 0; i < 4; ++i) {
    sizes.push_back(DrawCosts(trace, 1)[i].size);
    sum += sizes.back();
  }
  std::sort(sizes.begin(), sizes.end());
  const Catalogue catalogue = DrawCatalogue(trace, 1);
  CHECK(catalogue.footprint_mib == sum);
  CHECK(catalogue.median_mib == sizes[1]);  // the lower one of two
}

TEST_CASE("Catalogue: an announcement is renamed, a sign of life has no item") {
  const Catalogue catalogue = DrawCatalogue(Make(5, 5), 1);
  const auto announced = catalogue.Rename(
      shadow::ContextEvent{.at = 1, .user = 0, .announced = 4});
  CHECK(announced.announced == catalogue.items[4]);
  const auto sign =
      catalogue.Rename(shadow::ContextEvent{.at = 1, .user = 0, .kind = 2});
  CHECK(sign.announced == shadow::kNoItem);
  CHECK(sign.kind == 2);
}

}  // namespace
}  // namespace warmup::replay
