#include "adapters/store/store_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace warmup {
namespace {

std::string ReadOwner(int fd) {
  char text[32];
  const ssize_t size = pread(fd, text, sizeof(text), 0);
  if (size <= 0) return "another process";
  return absl::StrCat("process ", absl::StripAsciiWhitespace(absl::string_view(
                                      text, static_cast<size_t>(size))));
}

}  // namespace

absl::StatusOr<std::unique_ptr<StoreLock>> StoreLock::Acquire(
    const std::string& store_path) {
  const std::string path = store_path + ".lock";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    return MakeError(absl::StatusCode::kUnavailable, "STORE_OPEN",
                     absl::StrCat("store ", store_path, ": cannot open ", path,
                                  ": ", std::strerror(errno)),
                     {{"path", store_path}});
  }
  std::unique_ptr<StoreLock> lock(new StoreLock(fd));
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    const std::string owner =
        error == EWOULDBLOCK
            ? absl::StrCat("in use by ", ReadOwner(fd))
            : absl::StrCat("cannot lock ", path, ": ", std::strerror(error));
    return MakeError(absl::StatusCode::kFailedPrecondition, "STORE_IN_USE",
                     absl::StrCat("store ", store_path, " is ", owner),
                     {{"path", store_path}});
  }
  const std::string owner = absl::StrCat(getpid(), "\n");
  // Only for the message above: an empty file is no harm.
  if (ftruncate(fd, 0) == 0) {
    [[maybe_unused]] const ssize_t written =
        pwrite(fd, owner.data(), owner.size(), 0);
  }
  return lock;
}

StoreLock::~StoreLock() { close(fd_); }

}  // namespace warmup
