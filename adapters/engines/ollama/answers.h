#ifndef WARMUP_ADAPTERS_ENGINES_OLLAMA_ANSWERS_H_
#define WARMUP_ADAPTERS_ENGINES_OLLAMA_ANSWERS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

// Pure readers of what Ollama answers, untrusted (see json_answer.h). An answer
// that is no JSON, or lacks its list, is INVALID_ARGUMENT saying what is wrong,
// without naming the engine.
namespace warmup::ollama {

// An entry of /api/tags. An entry without a usable name keeps an empty one, so
// that whoever passes over it can say so.
struct ListedModel {
  std::string name;
  std::string digest;  // of the manifest: two names of one model share it
  int64_t size_bytes = 0;
  std::string format;
  std::string family;  // the architecture
  bool is_embedder = false;
  bool is_remote = false;  // runs in somebody's cloud
};

// An entry of /api/ps.
struct RunningModel {
  std::string name;
  std::string digest;
  int64_t size_bytes = 0;
  int64_t vram_bytes = 0;  // the part of it that is in GPUs
  absl::Time expires_at = absl::InfinitePast();
  int64_t context_length = 0;  // that it was loaded with; 0: not told
};

// What /api/show tells.
struct ModelMetadata {
  std::string architecture;
  std::string blob;  // the file of its weights; models may share it
  int64_t parameter_count = 0;
  int64_t context_length = 0;      // the most that it can
  int64_t set_context_length = 0;  // what its Modelfile asks for
  int64_t layers = 0;
  int64_t kv_heads = 0;
  int64_t head_dimension = 0;
  bool is_embedder = false;
  bool is_completer = false;
};

absl::StatusOr<std::vector<ListedModel>> ReadTags(std::string_view text);
absl::StatusOr<std::vector<RunningModel>> ReadRunning(std::string_view text);
absl::StatusOr<ModelMetadata> ReadMetadata(std::string_view text);
// Of /api/version.
absl::StatusOr<std::string> ReadVersion(std::string_view text);

// Bytes of weights and context together while ready: the estimate that Ollama
// itself places models by. `file_bytes` where the metadata does not tell.
int64_t EstimateReadyBytes(const ModelMetadata& metadata, int64_t file_bytes);

// Whether models of this family encode rather than generate.
bool IsEmbedderFamily(std::string_view family);

}  // namespace warmup::ollama

#endif  // WARMUP_ADAPTERS_ENGINES_OLLAMA_ANSWERS_H_
