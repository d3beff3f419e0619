#include "adapters/engines/files/load_job.h"

#include <sys/resource.h>

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "adapters/engines/files/os_error.h"
#include "core/base/status_macros.h"

namespace warmup {
namespace {

// How long a read that the kernel began may take to end, when its pages are to
// be given back: kMaxWaits of kWait.
constexpr int kMaxWaits = 50;
constexpr absl::Duration kWait = absl::Milliseconds(1);

// What the block layer has read for this thread so far.
int64_t ThreadReadBytes() {
  rusage usage{};
  if (getrusage(RUSAGE_THREAD, &usage) != 0) return 0;
  return int64_t{usage.ru_inblock} * 512;
}

}  // namespace

LoadJob::LoadJob(const std::vector<ModelFile>& files, Options options,
                 LoadControl& control)
    : files_(files),
      options_(options),
      control_(control),
      total_bytes_(TotalBytes(files)) {}

absl::Status LoadJob::Run() {
  control_.ReportProgress(0, total_bytes_);
  for (const ModelFile& file : files_) {
    WARMUP_RETURN_IF_ERROR(ReadFile(file));
  }
  // The first ones may have changed while the last ones were read.
  for (const Opened& opened : opened_) {
    WARMUP_RETURN_IF_ERROR(opened.file.CheckUnchanged());
  }
  return absl::OkStatus();
}

absl::Status LoadJob::CheckNotCancelled() const {
  return control_.IsCancelled() ? absl::CancelledError("load cancelled")
                                : absl::OkStatus();
}

absl::Status LoadJob::ReadFile(const ModelFile& wanted) {
  WARMUP_RETURN_IF_ERROR(CheckNotCancelled());
  WARMUP_ASSIGN_OR_RETURN(CachedFile file,
                          CachedFile::Open(wanted.path, options_.access));
  if (file.stamp() != wanted.stamp) {
    return FileUnfit("FILE_CHANGED", wanted.path,
                     "changed while its model was opened");
  }
  if (options_.mlock) WARMUP_RETURN_IF_ERROR(file.Lock());
  Opened& opened = opened_.emplace_back(Opened{.file = std::move(file)});
  // All of it before the first read: the kernel reads ahead.
  WARMUP_RETURN_IF_ERROR(MeasureSteps(opened));
  const int64_t disk_before = ThreadReadBytes();
  WARMUP_RETURN_IF_ERROR(ReadSteps(opened));
  const int64_t missing = opened.file.size_bytes() - opened.bytes_before;
  read_bytes_ += opened.file.is_residency_visible()
                     ? missing
                     : std::min(missing, ThreadReadBytes() - disk_before);
  WARMUP_RETURN_IF_ERROR(opened.file.CheckUnchanged());
  opened.file.CloseDescriptor();
  return absl::OkStatus();
}

absl::Status LoadJob::MeasureSteps(Opened& opened) const {
  const CachedFile& file = opened.file;
  for (int64_t offset = 0; offset < file.size_bytes();
       offset += CachedFile::kStepBytes) {
    WARMUP_RETURN_IF_ERROR(CheckNotCancelled());
    WARMUP_ASSIGN_OR_RETURN(const int64_t resident,
                            file.ResidentInStep(offset));
    opened.bytes_before += resident;
    opened.warm_before.push_back(resident == file.StepLength(offset));
  }
  return absl::OkStatus();
}

absl::Status LoadJob::ReadSteps(Opened& opened) {
  CachedFile& file = opened.file;
  // Pages are locked, and those of other owners seen, by being faulted in.
  const bool may_skip = file.is_residency_visible() && !options_.mlock;
  for (size_t step = 0; step < opened.warm_before.size(); ++step) {
    WARMUP_RETURN_IF_ERROR(CheckNotCancelled());
    const int64_t offset = static_cast<int64_t>(step) * CachedFile::kStepBytes;
    if (!may_skip || !opened.warm_before[step]) {
      WARMUP_RETURN_IF_ERROR(file.ReadStep(offset));
    }
    done_bytes_ += file.StepLength(offset);
    control_.ReportProgress(done_bytes_, total_bytes_);
  }
  return absl::OkStatus();
}

void LoadJob::GiveBack(const std::function<bool(const FileId&)>& is_used) {
  for (const Opened& opened : opened_) {
    if (is_used(opened.file.stamp().id)) continue;
    opened.file.GiveBack(opened.warm_before);
    // The kernel may still be reading ahead in the last one, and does not drop
    // pages that it waits for.
    for (int wait = 0; wait < kMaxWaits && &opened == &opened_.back() &&
                       (wait == 0 || !IsGivenBack(opened));
         ++wait) {
      absl::SleepFor(kWait);
      opened.file.GiveBack(opened.warm_before);
    }
  }
  opened_.clear();
}

bool LoadJob::IsGivenBack(const Opened& opened) {
  for (size_t step = 0; step < opened.warm_before.size(); ++step) {
    if (opened.warm_before[step]) continue;
    const auto resident = opened.file.ResidentInStep(
        static_cast<int64_t>(step) * CachedFile::kStepBytes);
    if (!resident.ok() || *resident > 0) return false;
  }
  return true;
}

std::vector<CachedFile> LoadJob::TakeFiles() {
  std::vector<CachedFile> files;
  files.reserve(opened_.size());
  for (Opened& opened : opened_) files.push_back(std::move(opened.file));
  opened_.clear();
  return files;
}

}  // namespace warmup
