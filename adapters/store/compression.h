#ifndef WARMUP_ADAPTERS_STORE_COMPRESSION_H_
#define WARMUP_ADAPTERS_STORE_COMPRESSION_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace warmup {

// With zstd, and its checksum of the content.
std::string Compress(std::string_view bytes);
// DATA_LOSS: it is not what Compress made, is cut off or has changed, or is
// more than 1 GiB.
absl::StatusOr<std::string> Decompress(std::string_view bytes);

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_STORE_COMPRESSION_H_
