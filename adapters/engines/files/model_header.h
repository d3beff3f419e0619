#ifndef WARMUP_ADAPTERS_ENGINES_FILES_MODEL_HEADER_H_
#define WARMUP_ADAPTERS_ENGINES_FILES_MODEL_HEADER_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "core/model/model.h"

namespace warmup {

// What a weights file says about itself. Text is sanitised: printable ASCII of
// bounded length. Empty, 0 or kUnspecified: the file does not say.
struct ModelHeader {
  std::string format;        // "gguf", "safetensors"
  std::string architecture;  // "llama", "bert", ...
  std::string name;
  int64_t context_length = 0;
  int64_t parameter_count = 0;
  ModelType type = ModelType::kUnspecified;
};

// The first `max_bytes` of `text`, with everything that is not printable ASCII
// replaced: headers are untrusted and end up in JSON, logs and terminals.
std::string PrintableText(std::string_view text, size_t max_bytes);

// Whether models of this architecture ("bert", "nomic-bert", "xlm-roberta")
// encode rather than generate.
bool IsEncoderArchitecture(std::string_view architecture);

// True when `text` contains `word` (lower case), whatever the case of `text`.
bool ContainsWord(std::string_view text, std::string_view word);

inline constexpr size_t kMaxHeaderTextBytes = 256;

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_FILES_MODEL_HEADER_H_
