#ifndef WARMUP_ADAPTERS_STORE_TEXT_MAP_H_
#define WARMUP_ADAPTERS_STORE_TEXT_MAP_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"

namespace warmup {

// Labels, roles and metadata in one column. DATA_LOSS: damaged.
std::string EncodeTextMap(const std::map<std::string, std::string>& entries);
absl::StatusOr<std::map<std::string, std::string>> DecodeTextMap(
    const std::string& bytes);

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_STORE_TEXT_MAP_H_
