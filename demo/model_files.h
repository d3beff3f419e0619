#ifndef WARMUP_DEMO_MODEL_FILES_H_
#define WARMUP_DEMO_MODEL_FILES_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Model files for the demo: a true GGUF header, then random numbers.
namespace warmup::demo {

struct ModelFile {
  std::string model;
  std::string path;
  int64_t size_bytes = 0;
};

// Writes one file of exactly `size_bytes` (a multiple of 4096, at least
// 1 MiB), to the disk and not only to the page cache. `progress` is told of
// the bytes written, often; false from it stops with CANCELLED.
absl::Status WriteModelFile(const ModelFile& file,
                            const std::function<bool(int64_t)>& progress);

// Takes the files out of the page cache. The bytes of them that are in it
// afterwards, by mincore: 0 unless the file system keeps its own.
absl::StatusOr<int64_t> DropFromPageCache(const std::vector<ModelFile>& files);

// Whether this process, and those it starts, may lock so much in memory: then
// the system takes nothing of it back for other uses.
bool CanLock(int64_t bytes);

// A name that is a file name too: '/' and the like become '_'.
std::string FileNameFor(const std::string& model);

}  // namespace warmup::demo

#endif  // WARMUP_DEMO_MODEL_FILES_H_
