#ifndef WARMUP_ADAPTERS_ENGINES_FILES_MODEL_SCAN_H_
#define WARMUP_ADAPTERS_ENGINES_FILES_MODEL_SCAN_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "core/model/model.h"

namespace warmup {

// Bounds of one scan. What lies beyond them is skipped, and told.
inline constexpr int kMaxScanDepth = 16;
inline constexpr size_t kMaxScanEntries = 200'000;
inline constexpr int64_t kMaxManifestBytes = int64_t{1} << 20;

// A model that a scan came across.
struct FoundModel {
  ModelId id;          // legal (ValidateId), unique in the scan
  std::string source;  // an absolute path that ResolveModelFiles takes
};

// Told of everything a scan passes over and why.
using SkippedCallback =
    std::function<void(std::string_view path, const absl::Status& why)>;

// Walks the folders below `roots`, in order, and names the models:
//  - a GGUF, ONNX or other weights file by its stem; the parts of a split one
//    together, under their common name;
//  - a folder with weights and a config.json (a Hugging Face model) by its
//    name, or "org/name" in a Hugging Face cache (`models--org--name`), where
//    the revision of `refs/main` counts;
//  - in an Ollama store (`manifests` beside `blobs`) each manifest, as
//    `ollama list` names it, with its weights' blob.
// Links are followed, loops end, hidden entries are skipped. Two models of one
// name: the later one gets its folder's name before its own. A root that does
// not exist is told as skipped.
std::vector<FoundModel> ScanForModels(const std::vector<std::string>& roots,
                                      const SkippedCallback& on_skipped);

// `name` with everything that an id must not hold replaced, and cut to length.
ModelId SanitiseId(std::string_view name);

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_FILES_MODEL_SCAN_H_
