#ifndef WARMUP_CORE_REPLAY_CATALOGUE_H_
#define WARMUP_CORE_REPLAY_CATALOGUE_H_

#include <cstdint>
#include <vector>

#include "core/replay/trace.h"
#include "core/shadow/machine.h"

namespace warmup::replay {

// What one seed makes of a trace. Policies know items and users by numbers
// that are drawn at random, so that a number tells nothing: those of the trace
// tell who comes first.
struct Catalogue {
  // By the trace's numbers, what policies are told.
  std::vector<shadow::ItemId> items;
  std::vector<int32_t> users;
  // By what policies are told, in MiB; among them decoys, a tenth as many as
  // there are items, that nothing names.
  std::vector<shadow::ItemCost> costs;
  // Of the items that are requested.
  int64_t footprint_mib = 0;
  int64_t median_mib = 0;  // the lower one

  shadow::Request Rename(shadow::Request request) const;
  shadow::ContextEvent Rename(shadow::ContextEvent event) const;
};

Catalogue DrawCatalogue(const Trace& trace, int64_t seed);

}  // namespace warmup::replay

#endif  // WARMUP_CORE_REPLAY_CATALOGUE_H_
