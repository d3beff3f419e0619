#include "core/replay/stream.h"

#include "tests/support/catch.h"

namespace warmup::replay {
namespace {

Trace TwoUsers() {
  Trace trace;
  trace.requests = {{1, 0, 0}, {2, 1, 1}, {2, 0, 2}, {2, 1, 3}, {9, 0, 4}};
  trace.context = {{.at = 0, .user = 2, .kind = 0},  // never requests anything
                   {.at = 3, .user = 1, .kind = 1},
                   {.at = 4, .user = 0, .kind = 2},
                   {.at = 5, .user = 1, .kind = 3}};
  return trace;
}

TEST_CASE("Stream: a pool sees everything as it is in the trace") {
  const Trace trace = TwoUsers();
  const Stream pool = PoolOf(trace);
  CHECK(pool.requests.size() == 5);
  CHECK(pool.requests[2].item == 2);
  CHECK(pool.context.size() == 4);
}

TEST_CASE("Stream: a user sees their own rows, in the order of the trace") {
  Trace trace = TwoUsers();
  const std::vector<Stream> streams = SplitByUser(trace);
  REQUIRE(streams.size() == 2);
  const auto items = [](const Stream& stream) {
    std::vector<shadow::ItemId> all;
    for (const auto& request : stream.requests) all.push_back(request.item);
    return all;
  };
  const auto kinds = [](const Stream& stream) {
    std::vector<int32_t> all;
    for (const auto& event : stream.context) all.push_back(event.kind);
    return all;
  };
  CHECK(items(streams[0]) == std::vector<shadow::ItemId>{0, 2, 4});
  CHECK(kinds(streams[0]) == std::vector<int32_t>{2});
  CHECK(items(streams[1]) == std::vector<shadow::ItemId>{1, 3});
  CHECK(kinds(streams[1]) == std::vector<int32_t>{1, 3});
}

}  // namespace
}  // namespace warmup::replay
