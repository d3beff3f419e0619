#include "demo/temporary_folder.h"

#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "clients/cli/format.h"

namespace warmup::demo {

absl::StatusOr<std::unique_ptr<TemporaryFolder>> TemporaryFolder::Make(
    std::string base) {
  if (base.empty()) {
    const char* set = std::getenv("TMPDIR");
    base = set != nullptr ? set : "/var/tmp";  // /tmp may be memory
  }
  struct statfs status{};
  if (statfs(base.c_str(), &status) == 0 &&
      (status.f_type == TMPFS_MAGIC || status.f_type == RAMFS_MAGIC)) {
    return absl::FailedPreconditionError(
        absl::StrCat("'", base,
                     "' is in memory, where nothing is ever cold: name a "
                     "folder on a disk with --folder"));
  }
  std::string path = absl::StrCat(base, "/warmup-demo-XXXXXX");
  if (mkdtemp(path.data()) == nullptr) {
    return absl::UnavailableError(absl::StrCat(
        "cannot make a folder in '", base, "': ", std::strerror(errno)));
  }
  return std::unique_ptr<TemporaryFolder>(new TemporaryFolder(std::move(path)));
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

absl::Status TemporaryFolder::CheckRoomFor(int64_t bytes) const {
  std::error_code error;
  const std::filesystem::space_info space =
      std::filesystem::space(path_, error);
  if (error || space.available >= static_cast<uint64_t>(bytes)) {
    return absl::OkStatus();
  }
  return absl::ResourceExhaustedError(absl::StrCat(
      "the demo needs ", cli::HumanBytes(static_cast<double>(bytes)), " in '",
      path_, "', ", cli::HumanBytes(static_cast<double>(space.available)),
      " are free: name another folder with --folder"));
}

}  // namespace warmup::demo
