#ifndef WARMUP_ADAPTERS_ENGINES_LLAMA_SERVER_MODEL_FILE_H_
#define WARMUP_ADAPTERS_ENGINES_LLAMA_SERVER_MODEL_FILE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "adapters/engines/files/model_files.h"
#include "adapters/engines/files/model_header.h"
#include "adapters/engines/llama_server/answers.h"

namespace warmup::llama_server {

// The GGUF files that a server of this machine has told of its models. What it
// tells is untrusted: nothing but files of that name are read. Keeps what it
// found out about the server's folder: one for each listing. Not thread-safe.
class ModelFileReader {
 public:
  // Of the file, or of all parts of it. UNIMPLEMENTED: its path is not told, or
  // from a folder that is not ours to see; else errors as ResolveModelFiles has
  // them.
  absl::StatusOr<int64_t> ReadBytes(const ListedModel& model);
  // FAILED_PRECONDITION (MODEL_DAMAGED) when the header, or the length of the
  // file, is wrong, or it is no GGUF file.
  absl::StatusOr<ModelHeader> ReadHeader(const ListedModel& model);

 private:
  absl::StatusOr<std::vector<ModelFile>> FilesOf(const ListedModel& model);

  // Where processes of a program work.
  std::map<std::string, std::vector<std::string>> folders_;
};

}  // namespace warmup::llama_server

#endif  // WARMUP_ADAPTERS_ENGINES_LLAMA_SERVER_MODEL_FILE_H_
