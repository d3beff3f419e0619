#ifndef WARMUP_ADAPTERS_ENGINES_FILES_GGUF_HEADER_H_
#define WARMUP_ADAPTERS_ENGINES_FILES_GGUF_HEADER_H_

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "adapters/engines/files/byte_source.h"
#include "adapters/engines/files/model_header.h"

namespace warmup {

// Bounds of what is believed of a GGUF header; beyond them it is damaged.
// The largest vocabularies (256 k tokens and merges) take about 12 MiB.
inline constexpr uint64_t kMaxGgufHeaderBytes = uint64_t{64} << 20;
inline constexpr uint64_t kMaxGgufValues = 65'536;
inline constexpr uint64_t kMaxGgufTensors = 1'048'576;
inline constexpr uint64_t kMaxGgufKeyBytes = 65'535;  // as the format says
inline constexpr uint64_t kMaxGgufTensorNameBytes = 4'096;
inline constexpr uint32_t kMaxGgufDimensions = 8;
inline constexpr int kMaxGgufArrayDepth = 4;

inline constexpr std::string_view kGgufMagic = "GGUF";

// Reads the header of a GGUF file, version 2 or 3, little-endian: the format
// of https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
// FAILED_PRECONDITION (MODEL_DAMAGED), saying what is wrong, when the header
// or the extent of a tensor does not fit the file, which is how a download
// that ended early is told from a model. Allocates little, whatever the header
// claims.
absl::StatusOr<ModelHeader> ReadGgufHeader(ByteSource& source);

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_FILES_GGUF_HEADER_H_
