#ifndef WARMUP_ADAPTERS_ENGINES_FILES_SAFETENSORS_HEADER_H_
#define WARMUP_ADAPTERS_ENGINES_FILES_SAFETENSORS_HEADER_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "adapters/engines/files/byte_source.h"
#include "adapters/engines/files/model_header.h"

namespace warmup {

// Bounds of what is believed of a safetensors header; beyond them it is
// damaged. The format allows 100 MB; the largest shards in use stay below 8.
inline constexpr uint64_t kMaxSafetensorsHeaderBytes = uint64_t{32} << 20;
inline constexpr int kMaxSafetensorsDepth = 4;

// Reads the header of a safetensors file
// (https://huggingface.co/docs/safetensors): parameter count, and from
// `__metadata__` what little it may say (architecture, name). The rest of such
// a model stands in the config.json beside it. FAILED_PRECONDITION
// (MODEL_DAMAGED), saying what is wrong, when the header or the extent of a
// tensor does not fit the file. The header is read as a stream of JSON tokens:
// memory stays at about its own size.
absl::StatusOr<ModelHeader> ReadSafetensorsHeader(ByteSource& source);

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_FILES_SAFETENSORS_HEADER_H_
