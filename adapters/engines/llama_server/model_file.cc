#include "adapters/engines/llama_server/model_file.h"

#include <filesystem>
#include <string_view>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "adapters/engines/files/model_description.h"
#include "adapters/engines/files/os_error.h"
#include "adapters/engines/llama_server/processes.h"
#include "core/base/status_macros.h"

namespace warmup::llama_server {

absl::StatusOr<int64_t> ModelFileReader::ReadBytes(const ListedModel& model) {
  WARMUP_ASSIGN_OR_RETURN(const auto files, FilesOf(model));
  return TotalBytes(files);
}

absl::StatusOr<ModelHeader> ModelFileReader::ReadHeader(
    const ListedModel& model) {
  WARMUP_ASSIGN_OR_RETURN(const auto files, FilesOf(model));
  WARMUP_ASSIGN_OR_RETURN(ModelHeader header, DescribeModelFiles(files));
  if (header.format != "gguf") {
    return FileUnfit("MODEL_DAMAGED", model.path, "is no GGUF file");
  }
  return header;
}

absl::StatusOr<std::vector<ModelFile>> ModelFileReader::FilesOf(
    const ListedModel& model) {
  const std::string& path = model.path;
  if (!std::string_view(path).ends_with(".gguf")) {
    return absl::UnimplementedError("the path of its file is not told");
  }
  if (path.starts_with('/')) return ResolveModelFiles(path);
  if (model.command.empty()) {
    return absl::UnimplementedError("its server's folder is not told");
  }
  // Its process will work where the server does, a process of that program.
  const std::string& program = model.command[0];
  auto known = folders_.find(program);
  if (known == folders_.end()) {
    known = folders_.emplace(program, FoldersOf(program)).first;
  }
  for (const std::string& folder : known->second) {
    const std::string candidate = absl::StrCat(folder, "/", path);
    std::error_code error;
    if (std::filesystem::exists(candidate, error)) {
      return ResolveModelFiles(candidate);
    }
  }
  return absl::UnimplementedError("its server's folder cannot be seen");
}

}  // namespace warmup::llama_server
