#include "core/replay/trace.h"

#include "tests/support/catch.h"

namespace warmup::replay {
namespace {

TEST_CASE("Trace: what an item costs is drawn from the seed and its name") {
  struct Known {
    int64_t seed;
    const char* item;
    int64_t mib;
    shadow::Micros load;
  };
  // From five lines of Python that follow the protocol.
  const Known all[] = {
      {1, "gpt-4o-mini", 600, 1'500'000},
      {1, "claude-3-5-sonnet-20240620", 13'000, 11'833'333},
      {1, "a", 9'300, 8'750'000},
      {1, "b", 4'700, 4'916'666},
      {1,
       "d\xc3\xa9"
       "cor",
       300, 1'250'000},
      {2, "gpt-4o-mini", 300, 1'250'000},
      {2, "claude-3-5-sonnet-20240620", 8'200, 7'833'333},
      {2, "a", 2'000, 2'666'666},
  };
  for (const Known& known : all) {
    CAPTURE(known.seed, known.item);
    const shadow::ItemCost cost = DrawCost(known.item, known.seed);
    CHECK(cost.size == known.mib);
    CHECK(cost.load == known.load);
  }
}

TEST_CASE("Trace: what the trace tells of an item's cost is not drawn") {
  Trace trace;
  trace.items = {"a", "b", "c"};
  trace.costs = {{}, {77, 3'000'000}};
  for (const int64_t seed : {1, 2}) {
    const auto costs = DrawCosts(trace, seed);
    REQUIRE(costs.size() == 3);
    CHECK(costs[0].size == DrawCost("a", seed).size);
    CHECK(costs[1].size == 77);
    CHECK(costs[1].load == 3'000'000);
    CHECK(costs[2].load == DrawCost("c", seed).load);
  }
}

}  // namespace
}  // namespace warmup::replay
