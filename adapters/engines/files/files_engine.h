#ifndef WARMUP_ADAPTERS_ENGINES_FILES_FILES_ENGINE_H_
#define WARMUP_ADAPTERS_ENGINES_FILES_FILES_ENGINE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "adapters/engines/files/cached_file.h"
#include "adapters/engines/files/model_files.h"
#include "adapters/engines/files/model_scan.h"
#include "adapters/engines/files/residency_round.h"
#include "core/base/mutex.h"
#include "core/ports/engine.h"

namespace warmup {

// A model counts as ready while at least this share of it is in memory: the
// kernel takes single pages when it pleases, and reading the last hundredth
// anew costs a hundredth of a cold load. Below the other share it is cold: the
// header alone was read, to describe it.
inline constexpr double kReadyShare = 0.99;
inline constexpr double kColdShare = 0.01;
// Mappings of all ready and loading models together; the kernel allows a
// process 65,530 (vm.max_map_count).
inline constexpr size_t kMaxMappedFiles = 32'768;

// The built-in engine: warms model files by bringing them into the page cache,
// where every program that maps or reads them profits without knowing of it.
// A model's source is the absolute path of a file, of a part of a split GGUF,
// or of a folder.
//
// Residency is what the kernel tells (cachestat, mincore), for the file that
// the path leads to now. It cannot tell whether another process maps those
// pages too; Unload finds out. Of files of another owner that this process may
// not write, the kernel tells nothing: then only what this engine itself
// brought in and still has in its page table is claimed.
//
// Cancelled and failed loads drop the 2 MiB steps that were not wholly in
// memory before. Pages that others map, lock or have written are not ours to
// drop and stay.
//
// Thread-safe. No I/O happens under the mutex.
class FilesEngine final : public Engine {
 public:
  struct Options {
    std::string id = "files";
    std::vector<std::string> roots;  // scanned by Discover
    // Locks ready models in memory; needs RLIMIT_MEMLOCK.
    bool mlock = false;
    PageAccess page_access = PageAccess::kFast;
    // Told what Discover passes over; called on its thread.
    SkippedCallback on_skipped = [](std::string_view, const absl::Status&) {};
  };

  explicit FilesEngine(Options options);
  ~FilesEngine() override = default;

  EngineInfo info() const override { return info_; }
  absl::StatusOr<std::vector<ModelSpec>> Discover() override;
  absl::StatusOr<ModelSpec> Describe(const ModelSpec& spec) override;
  absl::StatusOr<LoadResult> Load(const ModelSpec& spec,
                                  LoadControl& control) override;
  // FAILED_PRECONDITION (MEMORY_IN_USE) when the model is as ready as before
  // because others map or lock its files. When they hold only a part of it the
  // rest is given back and the answer is OK: the model is no longer ready.
  absl::Status Unload(const ModelSpec& spec) override;
  // Only what was loaded here is claimed: what others have in the page cache
  // they may take out of it, so that is only told as cached (see
  // ResidencyRound). What cannot be measured now is as it was.
  absl::StatusOr<std::vector<Sighting>> Look(
      const std::vector<ModelSpec>& specs) override;

  // How much of the model is in memory, whoever brought it there.
  absl::StatusOr<Residency> Measure(const ModelSpec& spec);

 private:
  // Immutable once a load has made it: measured without the mutex.
  using Held = std::vector<CachedFile>;

  // Empty: nothing is held.
  std::shared_ptr<const Held> FindHeld(const ModelId& id) const
      ABSL_LOCKS_EXCLUDED(mutex_);
  // From BeginUse on, no other model's unload drops these files. A hold takes
  // over the use of its load. RESOURCE_EXHAUSTED beyond kMaxMappedFiles.
  absl::Status BeginUse(const ModelId& id, const std::vector<ModelFile>& files)
      ABSL_LOCKS_EXCLUDED(mutex_);
  void EndUse(const std::vector<ModelFile>& files) ABSL_LOCKS_EXCLUDED(mutex_);
  bool IsUsed(const FileId& file) const ABSL_LOCKS_EXCLUDED(mutex_);
  void Hold(const ModelId& id, Held files) ABSL_LOCKS_EXCLUDED(mutex_);
  // Unmaps what is held of the model and ends its use; the paths of it.
  std::set<std::string> Release(const ModelId& id) ABSL_LOCKS_EXCLUDED(mutex_);
  void EndUseLocked(const FileId& file) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::StatusOr<Residency> MeasureFiles(
      const ModelId& id, const std::vector<ModelFile>& files) const;

  const Options options_;
  const EngineInfo info_ = {.id = options_.id,
                            .kind = "files",
                            .endpoint = {},
                            .version = {},
                            .abilities = {.can_load = true,
                                          .can_unload = true,
                                          .has_tiers = true,
                                          .shows_progress = true,
                                          .shows_use = false,
                                          .shows_memory = true}};
  ResidencyRound round_{kRoundTime};
  mutable Mutex mutex_;
  // The ready models' mappings, by model.
  std::map<ModelId, std::shared_ptr<const Held>> held_ ABSL_GUARDED_BY(mutex_);
  // Mappings of models that are ready or loading.
  size_t mapped_files_ ABSL_GUARDED_BY(mutex_) = 0;
  // How many models, ready or loading, rest on a file.
  std::map<FileId, int> users_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_FILES_FILES_ENGINE_H_
