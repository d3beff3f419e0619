#ifndef WARMUP_CORE_REPLAY_TRACE_H_
#define WARMUP_CORE_REPLAY_TRACE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/shadow/machine.h"

namespace warmup::replay {

// Recorded use: requests, and what else was seen, each sorted by time. Users
// and items are numbered by their first appearance; items that only a context
// event names come after those.
struct Trace {
  std::string name;
  std::vector<shadow::Request> requests;
  std::vector<shadow::ContextEvent> context;
  std::vector<std::string> users;
  std::vector<std::string> items;
  std::vector<std::string> kinds;  // by shadow::ContextEvent::kind
  size_t requested_items = 0;      // how many of them the requests name
  // What items cost, by their numbers, where the trace tells: no more of them
  // than it tells of, and size 0 where it does not.
  std::vector<shadow::ItemCost> costs;
};

// What an item costs, drawn from `seed` and its name (see docs/replay.md): a
// size in MiB as models have them, a load of a second and 1,200 MiB/s.
shadow::ItemCost DrawCost(std::string_view item, int64_t seed);
// Of all items, by their numbers; drawn where the trace does not tell.
std::vector<shadow::ItemCost> DrawCosts(const Trace& trace, int64_t seed);

}  // namespace warmup::replay

#endif  // WARMUP_CORE_REPLAY_TRACE_H_
