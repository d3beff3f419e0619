#ifndef WARMUP_DEMO_TEMPORARY_FOLDER_H_
#define WARMUP_DEMO_TEMPORARY_FOLDER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace warmup::demo {

// A new folder, on a disk, that goes with all that is in it when this goes.
class TemporaryFolder {
 public:
  // In `base`; empty: in $TMPDIR, or /var/tmp. FAILED_PRECONDITION if that is
  // in memory, where nothing is ever cold.
  static absl::StatusOr<std::unique_ptr<TemporaryFolder>> Make(
      std::string base);
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }
  // RESOURCE_EXHAUSTED naming both numbers.
  absl::Status CheckRoomFor(int64_t bytes) const;

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}

  const std::string path_;
};

}  // namespace warmup::demo

#endif  // WARMUP_DEMO_TEMPORARY_FOLDER_H_
