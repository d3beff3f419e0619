#ifndef WARMUP_ADAPTERS_ENGINES_OLLAMA_MODEL_BOOK_H_
#define WARMUP_ADAPTERS_ENGINES_OLLAMA_MODEL_BOOK_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/engines/ollama/answers.h"

namespace warmup::ollama {

// One writing of a model's name: "qwen" is "qwen:latest", and the registry and
// the namespace that Ollama leaves out are left out.
std::string FullName(std::string_view name);

// What is known of the models of one Ollama, by full name; and from that, which
// running model is meant by a name. Several names may share one runner, which
// Ollama shows under the first of them only.
//
// A plain value, not thread-safe.
class ModelBook {
 public:
  struct Entry {
    std::string digest;
    int64_t size_bytes = 0;
    bool is_embedder = false;
    std::string format;
    std::string blob;  // empty until it was asked for
  };

  // Replaces what is known by what /api/tags lists. Blobs of unchanged models
  // stay.
  void Replace(const std::vector<ListedModel>& models);
  void SetBlob(std::string_view name, const std::string& blob);
  // Null: not listed.
  const Entry* Find(std::string_view name) const;
  // Whether a runner that is shown as `running` serves the model `name`.
  bool Serves(const RunningModel& running, std::string_view name) const;
  // The running model that serves `name`, its own by preference. Null: none.
  const RunningModel* FindRunning(const std::vector<RunningModel>& running,
                                  std::string_view name) const;

 private:
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace warmup::ollama

#endif  // WARMUP_ADAPTERS_ENGINES_OLLAMA_MODEL_BOOK_H_
