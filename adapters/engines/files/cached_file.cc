#include "adapters/engines/files/cached_file.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "adapters/engines/files/os_error.h"
#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/base/status_macros.h"

#ifndef MADV_POPULATE_READ  // Linux 5.14
#define MADV_POPULATE_READ 22
#endif

namespace warmup {
namespace {

// cachestat(2), which the C library's headers do not know yet.
constexpr long kCacheStatCall = 451;
struct CacheStatRange {
  uint64_t offset;
  uint64_t length;  // 0: to the end of the file
};
struct CacheStat {
  uint64_t cached_pages;
  uint64_t dirty_pages;
  uint64_t writeback_pages;
  uint64_t evicted_pages;
  uint64_t recently_evicted_pages;
};

constexpr size_t kReadBufferBytes = size_t{1} << 20;

int64_t PageBytes() {
  static const int64_t bytes = sysconf(_SC_PAGESIZE);
  return bytes;
}

int64_t PagesOf(int64_t bytes) {
  return (bytes + PageBytes() - 1) / PageBytes();
}

bool HasCapFowner() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  if (syscall(SYS_capget, &header, data) != 0) return false;
  return (data[0].effective & (1U << CAP_FOWNER)) != 0;
}

// The kernel's own condition for telling the truth in mincore; to others it
// says that everything is resident.
bool IsResidencyVisible(int fd, const struct stat& info) {
  if (info.st_uid == geteuid() || HasCapFowner()) return true;
  return faccessat(fd, "", W_OK, AT_EMPTY_PATH | AT_EACCESS) == 0;
}

}  // namespace

FileStamp StampOf(const struct stat& info) {
  return {.id = {.device = info.st_dev, .inode = info.st_ino},
          .size_bytes = info.st_size,
          .modified_ns = int64_t{info.st_mtim.tv_sec} * 1'000'000'000 +
                         info.st_mtim.tv_nsec};
}

absl::StatusOr<CachedFile> CachedFile::Open(const std::string& path,
                                            PageAccess access) {
  const int fd =
      open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return FileError(errno, "opening", path);
  struct stat info{};
  if (fstat(fd, &info) != 0) {
    const int error = errno;
    close(fd);
    return FileError(error, "looking at", path);
  }
  CachedFile file(path, fd, StampOf(info));  // closes it from now on
  file.access_ = access;
  if (!S_ISREG(info.st_mode)) {
    return FileUnfit("NOT_A_FILE", path, "is not a regular file");
  }
  if (info.st_size > limits::kMaxModelBytes) {
    return FileUnfit("FILE_TOO_LARGE", path,
                     absl::StrCat("has ", info.st_size, " bytes, more than ",
                                  limits::kMaxModelBytes));
  }
  file.is_residency_visible_ = IsResidencyVisible(fd, info);
  WARMUP_RETURN_IF_ERROR(file.Map());
  return file;
}

CachedFile::CachedFile(std::string path, int fd, const FileStamp& stamp)
    : path_(std::move(path)), fd_(fd), stamp_(stamp) {}

CachedFile::CachedFile(CachedFile&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      stamp_(other.stamp_),
      data_(std::exchange(other.data_, nullptr)),
      access_(other.access_),
      is_residency_visible_(other.is_residency_visible_),
      is_locked_(other.is_locked_) {}

CachedFile& CachedFile::operator=(CachedFile&& other) noexcept {
  if (this != &other) {
    std::swap(path_, other.path_);
    std::swap(fd_, other.fd_);
    std::swap(stamp_, other.stamp_);
    std::swap(data_, other.data_);
    std::swap(access_, other.access_);
    std::swap(is_residency_visible_, other.is_residency_visible_);
    std::swap(is_locked_, other.is_locked_);
  }
  return *this;
}

CachedFile::~CachedFile() {
  if (data_ != nullptr) munmap(data_, static_cast<size_t>(size_bytes()));
  CloseDescriptor();
}

void CachedFile::CloseDescriptor() {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

absl::Status CachedFile::Map() {
  if (size_bytes() == 0) return absl::OkStatus();
  const auto length = static_cast<size_t>(size_bytes());
  void* data = mmap(nullptr, length, PROT_READ, MAP_SHARED, fd_, 0);
  if (data == MAP_FAILED) {  // some file systems allow private maps only
    data = mmap(nullptr, length, PROT_READ, MAP_PRIVATE, fd_, 0);
  }
  if (data == MAP_FAILED) return FileError(errno, "mapping", path_);
  data_ = static_cast<char*>(data);
  return absl::OkStatus();
}

absl::Status CachedFile::Lock() {
  if (data_ == nullptr) return absl::OkStatus();
  // On fault: nothing is read yet, so that the limit is met before the work.
  if (mlock2(data_, static_cast<size_t>(size_bytes()), MLOCK_ONFAULT) == 0) {
    is_locked_ = true;
    return absl::OkStatus();
  }
  const int error = errno;
  rlimit limit{};
  if ((error == ENOMEM || error == EPERM || error == EAGAIN) &&
      getrlimit(RLIMIT_MEMLOCK, &limit) == 0) {
    return MakeError(
        absl::StatusCode::kResourceExhausted, "MEMLOCK_LIMIT",
        absl::StrCat("locking \"", path_, "\" (", size_bytes(),
                     " bytes) in memory exceeds RLIMIT_MEMLOCK (",
                     limit.rlim_cur,
                     " bytes): raise it (LimitMEMLOCK= in systemd) or turn "
                     "mlock off"),
        {{"path", path_},
         {"limit", "RLIMIT_MEMLOCK"},
         {"limit_bytes", std::to_string(limit.rlim_cur)}});
  }
  return FileError(error, "locking", path_);
}

absl::Status CachedFile::ReadStep(int64_t offset) {
  const int64_t length = StepLength(offset);
  if (length <= 0) return absl::OkStatus();
  if (access_ == PageAccess::kPortable) {
    WARMUP_RETURN_IF_ERROR(ReadThrough(offset, length));
    // Pages are locked, and those of other owners seen, by being faulted in.
    const bool is_needed = is_locked_ || !is_residency_visible_;
    return is_needed ? Populate(offset, length) : absl::OkStatus();
  }
  return Populate(offset, length);
}

absl::Status CachedFile::Populate(int64_t offset, int64_t length) {
  while (madvise(data_ + offset, static_cast<size_t>(length),
                 MADV_POPULATE_READ) != 0) {
    if (errno == EINTR) continue;
    if (errno == EINVAL && !is_locked_) {  // older than Linux 5.14
      access_ = PageAccess::kPortable;
      return ReadThrough(offset, length);
    }
    return ExplainFailure(errno, "reading");
  }
  if (is_residency_visible_ && !is_locked_) {
    madvise(data_ + offset, static_cast<size_t>(length), MADV_DONTNEED);
  }
  return absl::OkStatus();
}

absl::Status CachedFile::ReadThrough(int64_t offset, int64_t length) {
  static thread_local std::vector<char> buffer;
  buffer.resize(kReadBufferBytes);
  for (int64_t end = offset + length; offset < end;) {
    const auto want =
        std::min<int64_t>(static_cast<int64_t>(buffer.size()), end - offset);
    const ssize_t got =
        pread(fd_, buffer.data(), static_cast<size_t>(want), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FileError(errno, "reading", path_);
    if (got == 0) return ExplainFailure(EFAULT, "reading");
    offset += got;
  }
  return absl::OkStatus();
}

// The kernel says EFAULT where a touch would have raised SIGBUS: the file
// shrank, or the disk failed.
absl::Status CachedFile::ExplainFailure(int error,
                                        std::string_view doing) const {
  WARMUP_RETURN_IF_ERROR(CheckUnchanged());
  return FileError(error == EFAULT ? EIO : error, doing, path_);
}

absl::Status CachedFile::CheckUnchanged() const {
  struct stat info{};
  if (stat(path_.c_str(), &info) != 0) {
    return FileError(errno, "looking again at", path_);
  }
  const FileStamp now = StampOf(info);
  if (now == stamp_) return absl::OkStatus();
  if (now.id != stamp_.id) {
    return FileUnfit("FILE_CHANGED", path_,
                     "was replaced by another file while it was read");
  }
  if (now.size_bytes != stamp_.size_bytes) {
    return FileUnfit(
        "FILE_CHANGED", path_,
        absl::StrCat(
            now.size_bytes < stamp_.size_bytes ? "shrank from " : "grew from ",
            stamp_.size_bytes, " to ", now.size_bytes,
            " bytes while it was read"));
  }
  return FileUnfit("FILE_CHANGED", path_, "was written to while it was read");
}

std::optional<int64_t> CachedFile::AskCacheStat(int64_t offset,
                                                int64_t length) const {
  if (access_ != PageAccess::kFast || fd_ < 0 || length <= 0) {
    return std::nullopt;
  }
  CacheStatRange range{static_cast<uint64_t>(offset),
                       static_cast<uint64_t>(length)};
  CacheStat stat{};
  if (syscall(kCacheStatCall, fd_, &range, &stat, 0U) != 0) {
    return std::nullopt;
  }
  const auto pages = static_cast<int64_t>(stat.cached_pages);
  if (pages >= PagesOf(length)) return length;
  const int64_t in_last_page = length % PageBytes();
  if (pages == 0 || in_last_page == 0) return pages * PageBytes();
  // Whether the page that is not full is among them.
  const auto rest = AskCacheStat(offset + length - in_last_page, in_last_page);
  if (!rest.has_value()) return std::nullopt;
  return pages * PageBytes() - (*rest > 0 ? PageBytes() - in_last_page : 0);
}

absl::Status CachedFile::PageStates(int64_t offset,
                                    std::vector<unsigned char>& states) const {
  char* const from = data_ + offset;
  if (is_residency_visible_) {
    const size_t length = states.size() * static_cast<size_t>(PageBytes());
    if (mincore(from, length, states.data()) != 0) {
      return FileError(errno, "measuring", path_);
    }
    return absl::OkStatus();
  }
  // What this process's page table holds; the rest is unknown, and not
  // claimed. One 64-bit entry a page, whose top bit says present.
  std::fill(states.begin(), states.end(), 0);
  const int map = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (map < 0) return absl::OkStatus();
  std::vector<uint64_t> entries(states.size());
  const off_t at = static_cast<off_t>(reinterpret_cast<uintptr_t>(from) /
                                      static_cast<uintptr_t>(PageBytes()) *
                                      sizeof(uint64_t));
  const ssize_t got =
      pread(map, entries.data(), entries.size() * sizeof(uint64_t), at);
  close(map);
  const auto count =
      got < 0 ? size_t{0} : static_cast<size_t>(got) / sizeof(uint64_t);
  for (size_t i = 0; i < count; ++i) states[i] = (entries[i] >> 63) & 1U;
  return absl::OkStatus();
}

absl::StatusOr<int64_t> CachedFile::ResidentInStep(int64_t offset) const {
  const int64_t length = StepLength(offset);
  if (length <= 0) return 0;
  if (is_residency_visible_) {
    if (const auto bytes = AskCacheStat(offset, length)) return *bytes;
  }
  std::vector<unsigned char> states(static_cast<size_t>(PagesOf(length)));
  WARMUP_RETURN_IF_ERROR(PageStates(offset, states));
  int64_t bytes = 0;
  for (const unsigned char state : states) {
    if ((state & 1U) != 0) bytes += PageBytes();
  }
  // The last page of a file is rarely full.
  if ((states.back() & 1U) != 0) {
    bytes -= PagesOf(length) * PageBytes() - length;
  }
  return bytes;
}

absl::StatusOr<int64_t> CachedFile::ResidentBytes() const {
  if (is_residency_visible_) {
    if (const auto bytes = AskCacheStat(0, size_bytes())) return *bytes;
  }
  int64_t bytes = 0;
  for (int64_t offset = 0; offset < size_bytes(); offset += kStepBytes) {
    WARMUP_ASSIGN_OR_RETURN(const int64_t in_step, ResidentInStep(offset));
    bytes += in_step;
  }
  return bytes;
}

void CachedFile::GiveBack(const std::vector<bool>& keep) const {
  if (data_ == nullptr) return;
  // Pages in a page table, even our own, are not dropped.
  // (The sanitizers make of munlock(), not of mlock2(), a call that does
  // nothing.)
  if (is_locked_) {
    syscall(SYS_munlock, data_, static_cast<size_t>(size_bytes()));
  }
  madvise(data_, static_cast<size_t>(size_bytes()), MADV_DONTNEED);
  int fd = fd_;
  if (fd < 0) {
    fd = open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) return;  // gone: its pages go with the mapping
    struct stat info{};
    if (fstat(fd, &info) != 0 || StampOf(info).id != stamp_.id) {
      close(fd);
      return;
    }
  }
  const auto steps =
      static_cast<size_t>((size_bytes() + kStepBytes - 1) / kStepBytes);
  const auto is_kept = [&](size_t step) {
    return step < keep.size() && keep[step];
  };
  for (size_t step = 0; step < steps;) {
    size_t end = step;
    while (end < steps && !is_kept(end)) ++end;
    if (end > step) {
      posix_fadvise(fd, static_cast<off_t>(step) * kStepBytes,
                    static_cast<off_t>(end - step) * kStepBytes,
                    POSIX_FADV_DONTNEED);
    }
    step = end + 1;
  }
  if (fd != fd_) close(fd);
}

void CachedFile::FlushDirty() const {
  const int fd = fd_ >= 0 ? dup(fd_)
                          : open(path_.c_str(),
                                 O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return;
  sync_file_range(fd, 0, 0,
                  SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
                      SYNC_FILE_RANGE_WAIT_AFTER);
  close(fd);
}

}  // namespace warmup
