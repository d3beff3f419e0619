#ifndef WARMUP_ADAPTERS_ENGINES_FILES_LOAD_JOB_H_
#define WARMUP_ADAPTERS_ENGINES_FILES_LOAD_JOB_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "adapters/engines/files/cached_file.h"
#include "adapters/engines/files/model_files.h"
#include "core/ports/engine.h"

namespace warmup {

// One load: brings the files of a model into memory, step by step, and can
// undo it. One thread at a time; used once.
class LoadJob {
 public:
  struct Options {
    PageAccess access = PageAccess::kFast;
    bool mlock = false;
  };
  // `files` and `control` outlive the job.
  LoadJob(const std::vector<ModelFile>& files, Options options,
          LoadControl& control);

  // Returns when every file has been read whole and is unchanged, or with the
  // first error (CANCELLED within one step of being told). What the kernel
  // took back meanwhile is missing: that is for the caller to measure.
  absl::Status Run();
  // Drops what Run brought in, except of files for which `is_used` holds.
  void GiveBack(const std::function<bool(const FileId&)>& is_used);

  // What was not in memory before. For files whose residency is not visible:
  // what the disk delivered to this thread.
  int64_t read_bytes() const { return read_bytes_; }
  // The mappings, after a successful Run.
  std::vector<CachedFile> TakeFiles();

 private:
  struct Opened {
    CachedFile file;
    std::vector<bool> warm_before;  // by step: all of it was in memory
    int64_t bytes_before = 0;
  };
  absl::Status CheckNotCancelled() const;
  absl::Status ReadFile(const ModelFile& wanted);
  absl::Status MeasureSteps(Opened& opened) const;
  absl::Status ReadSteps(Opened& opened);
  static bool IsGivenBack(const Opened& opened);

  const std::vector<ModelFile>& files_;
  const Options options_;
  LoadControl& control_;
  const int64_t total_bytes_;
  int64_t done_bytes_ = 0;
  int64_t read_bytes_ = 0;
  std::vector<Opened> opened_;
};

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_FILES_LOAD_JOB_H_
