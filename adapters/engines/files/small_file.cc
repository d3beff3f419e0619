#include "adapters/engines/files/small_file.h"

#include "absl/strings/str_cat.h"
#include "adapters/engines/files/byte_source.h"
#include "adapters/engines/files/cached_file.h"
#include "adapters/engines/files/os_error.h"
#include "core/base/status_macros.h"

namespace warmup {

absl::StatusOr<std::string> ReadSmallFile(const std::string& path,
                                          int64_t max_bytes) {
  WARMUP_ASSIGN_OR_RETURN(const CachedFile file,
                          CachedFile::Open(path, PageAccess::kPortable));
  if (file.size_bytes() > max_bytes) {
    return FileUnfit("FILE_TOO_LARGE", path,
                     absl::StrCat("has ", file.size_bytes(),
                                  " bytes, more than ", max_bytes));
  }
  std::string text(static_cast<size_t>(file.size_bytes()), '\0');
  FileSource source(file.fd(), text.size());
  WARMUP_RETURN_IF_ERROR(source.ReadAt(0, text.data(), text.size()));
  return text;
}

}  // namespace warmup
