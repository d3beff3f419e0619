#ifndef WARMUP_ADAPTERS_ENGINES_FILES_CACHED_FILE_H_
#define WARMUP_ADAPTERS_ENGINES_FILES_CACHED_FILE_H_

#include <sys/stat.h>
#include <sys/types.h>

#include <algorithm>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace warmup {

// Which file it is, whatever its path.
struct FileId {
  dev_t device = 0;
  ino_t inode = 0;
  auto operator<=>(const FileId&) const = default;
};

// What tells that a file is still the one that was opened.
struct FileStamp {
  FileId id;
  int64_t size_bytes = 0;
  int64_t modified_ns = 0;
  bool operator==(const FileStamp&) const = default;
};

FileStamp StampOf(const struct stat& info);

// How a file's bytes are brought into memory, and looked for there.
enum class PageAccess {
  // MADV_POPULATE_READ (Linux 5.14) and cachestat (6.5: hundreds of times
  // faster than mincore), or the portable way where the kernel lacks them.
  kFast,
  kPortable,  // read() and mincore()
};

// A regular file mapped for reading, and the kernel's page cache of it.
//
// The mapping's bytes are never touched: the kernel is asked to bring them in
// and answers with an error, never with SIGBUS, when the file has shrunk.
// The page table is emptied again behind each step, so that what is warm does
// not count as this process's own memory (it would draw the OOM killer); the
// pages stay in the page cache, where any process that opens the file finds
// them.
//
// Movable; one thread at a time.
class CachedFile {
 public:
  // Progress and cancellation come once a step: half a millisecond at 4 GB/s.
  static constexpr int64_t kStepBytes = int64_t{2} << 20;

  // Never blocks on a FIFO or a device: they are refused. Errors name `path`.
  static absl::StatusOr<CachedFile> Open(const std::string& path,
                                         PageAccess access);
  CachedFile(CachedFile&& other) noexcept;
  CachedFile& operator=(CachedFile&& other) noexcept;
  CachedFile(const CachedFile&) = delete;
  CachedFile& operator=(const CachedFile&) = delete;
  ~CachedFile();

  const std::string& path() const { return path_; }
  const FileStamp& stamp() const { return stamp_; }
  int64_t size_bytes() const { return stamp_.size_bytes; }
  int fd() const { return fd_; }

  // False for another owner's file without write permission: the kernel does
  // not tell what of it is in memory. Then only the pages that this mapping
  // brought in itself, and still has, are seen.
  bool is_residency_visible() const { return is_residency_visible_; }
  // How many bytes are in memory: of the whole file, of the step that begins
  // at `offset`.
  absl::StatusOr<int64_t> ResidentBytes() const;
  absl::StatusOr<int64_t> ResidentInStep(int64_t offset) const;
  // How long that step is: the last one of a file is shorter.
  int64_t StepLength(int64_t offset) const {
    return std::min(kStepBytes, size_bytes() - offset);
  }

  // From now on what is read stays in memory whatever happens (mlock).
  // RESOURCE_EXHAUSTED naming the limit.
  absl::Status Lock();
  // Brings in the step that begins at `offset`. Blocks for one step at most.
  absl::Status ReadStep(int64_t offset);
  // FAILED_PRECONDITION or NOT_FOUND unless the path still leads to the file
  // that was opened, as it was then.
  absl::Status CheckUnchanged() const;
  // Drops the pages of every step that `keep` (by step; beyond its end: false)
  // does not name, except those that are dirty, locked or mapped by others.
  void GiveBack(const std::vector<bool>& keep) const;
  // Writes dirty pages, which cannot be given back before.
  void FlushDirty() const;
  // The mapping stays. Keeps the number of open files small.
  void CloseDescriptor();

 private:
  CachedFile(std::string path, int fd, const FileStamp& stamp);
  absl::Status Map();
  absl::Status Populate(int64_t offset, int64_t length);
  absl::Status ReadThrough(int64_t offset, int64_t length);
  absl::Status ExplainFailure(int error, std::string_view doing) const;
  // Pages whose read is under way count, unlike for mincore.
  std::optional<int64_t> AskCacheStat(int64_t offset, int64_t length) const;
  // One byte a page of the step at `offset`, whose bit 0 says resident.
  absl::Status PageStates(int64_t offset,
                          std::vector<unsigned char>& states) const;

  std::string path_;
  int fd_ = -1;
  FileStamp stamp_;
  char* data_ = nullptr;  // stamp_.size_bytes bytes; null when empty
  PageAccess access_ = PageAccess::kFast;
  bool is_residency_visible_ = true;
  bool is_locked_ = false;
};

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_FILES_CACHED_FILE_H_
