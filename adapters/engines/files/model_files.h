#ifndef WARMUP_ADAPTERS_ENGINES_FILES_MODEL_FILES_H_
#define WARMUP_ADAPTERS_ENGINES_FILES_MODEL_FILES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "adapters/engines/files/cached_file.h"

namespace warmup {

// Bounds of one model made of files.
inline constexpr size_t kMaxFilesPerModel = 1'024;
inline constexpr int kMaxFolderDepth = 8;
inline constexpr size_t kMaxFolderEntries = 8'192;  // hidden ones, folders

struct ModelFile {
  std::string path;
  FileStamp stamp;
};

// One part of a model that is split over several files:
// "name-00002-of-00005.gguf".
struct ShardName {
  std::string stem;  // "name"
  int index = 0;     // from 1
  int count = 0;
  std::string extension;  // ".gguf"
  std::string Path(int shard) const;
};
// The part's place, from its path; nothing if it is not named like one.
std::optional<ShardName> ParseShardName(std::string_view path);

// The files a model consists of, sorted by path: `source` itself, all parts of
// the GGUF it is a part of, or, for a folder, all regular files below it.
// Symbolic links are followed (caches consist of them); a file that is reached
// twice counts once; hidden entries of a folder do not count.
// INVALID_ARGUMENT: the path is not absolute. NOT_FOUND: it, or a part, is not
// there. FAILED_PRECONDITION: not a file, empty, unreadable.
// RESOURCE_EXHAUSTED: beyond the bounds above.
absl::StatusOr<std::vector<ModelFile>> ResolveModelFiles(
    const std::string& source);

int64_t TotalBytes(const std::vector<ModelFile>& files);

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_FILES_MODEL_FILES_H_
