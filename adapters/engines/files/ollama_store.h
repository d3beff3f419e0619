#ifndef WARMUP_ADAPTERS_ENGINES_FILES_OLLAMA_STORE_H_
#define WARMUP_ADAPTERS_ENGINES_FILES_OLLAMA_STORE_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace warmup {

// A model in Ollama's folder of models.
struct OllamaModel {
  std::string name;          // as `ollama list` prints it: "llama3.1:8b"
  std::string weights_path;  // its GGUF, a blob named by its digest
};

// Reads the manifests of an Ollama store (the folder that holds `manifests`
// and `blobs`), without Ollama. `on_skipped` is told of manifests that are
// unreadable, name no weights or name weights that are not there.
std::vector<OllamaModel> ReadOllamaStore(
    const std::string& store,
    const std::function<void(std::string_view path, const absl::Status& why)>&
        on_skipped);

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_FILES_OLLAMA_STORE_H_
