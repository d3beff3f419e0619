#ifndef WARMUP_ADAPTERS_ENGINES_FILES_MODEL_DESCRIPTION_H_
#define WARMUP_ADAPTERS_ENGINES_FILES_MODEL_DESCRIPTION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "adapters/engines/files/model_files.h"
#include "adapters/engines/files/model_header.h"

namespace warmup {

// The largest config.json that is read; a larger one says nothing.
inline constexpr int64_t kMaxConfigBytes = int64_t{4} << 20;

// What the files of one model say about it: the header of each weights file
// (GGUF by its magic, safetensors by its extension; anything else is "raw")
// and, in a folder, config.json. Parameters are summed over the parts.
// FAILED_PRECONDITION naming the file that is damaged; errors of opening and
// reading as FileError makes them.
absl::StatusOr<ModelHeader> DescribeModelFiles(
    const std::vector<ModelFile>& files);

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_FILES_MODEL_DESCRIPTION_H_
