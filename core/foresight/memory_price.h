#ifndef WARMUP_CORE_FORESIGHT_MEMORY_PRICE_H_
#define WARMUP_CORE_FORESIGHT_MEMORY_PRICE_H_

#include <string_view>

#include "absl/status/statusor.h"

namespace warmup::foresight {

// How dear held memory is, as people say it: "eager", "balanced", "frugal", or
// a number; in seconds of waiting that holding a GiB for an hour is worth.
// INVALID_ARGUMENT: none of them, or not from 0 to limits::kMaxMemoryPrice.
absl::StatusOr<double> ParseMemoryPrice(std::string_view text);

}  // namespace warmup::foresight

#endif  // WARMUP_CORE_FORESIGHT_MEMORY_PRICE_H_
