#include "adapters/engines/files/files_engine.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "adapters/engines/files/load_job.h"
#include "adapters/engines/files/model_description.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace warmup {
namespace {

// How often Unload drops and looks again: the kernel lets go of pages in
// batches, and dirty ones only once they are written.
constexpr int kGiveBackAttempts = 3;

Tier TierOf(int64_t resident_bytes, int64_t total_bytes) {
  const auto resident = static_cast<double>(resident_bytes);
  const auto total = static_cast<double>(total_bytes);
  if (resident >= total * kReadyShare) return Tier::kReady;
  return resident < total * kColdShare ? Tier::kCold : Tier::kHost;
}

// An error of one load or unload, naming its model.
absl::Status AboutModel(const absl::Status& status, const ModelSpec& spec) {
  absl::Status named(status.code(), absl::StrCat("model \"", spec.id,
                                                 "\": ", status.message()));
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& payload) {
    named.SetPayload(url, payload);
  });
  return named;
}

// Whether there is no file any more whose memory could be held.
bool IsGone(const absl::Status& status) {
  return absl::IsNotFound(status) ||
         GetErrorDetails(status).reason == "NOT_A_FILE";
}

// Drops the file from memory; returns how much of it is still there.
absl::StatusOr<int64_t> DropFile(const CachedFile& file) {
  int64_t rest = 0;
  for (int attempt = 0; attempt < kGiveBackAttempts; ++attempt) {
    if (attempt > 0) file.FlushDirty();
    file.GiveBack(/*keep=*/{});
    WARMUP_ASSIGN_OR_RETURN(rest, file.ResidentBytes());
    if (rest == 0) break;
  }
  return rest;
}

}  // namespace

FilesEngine::FilesEngine(Options options) : options_(std::move(options)) {}

absl::StatusOr<std::vector<ModelSpec>> FilesEngine::Discover() {
  std::vector<ModelSpec> specs;
  for (FoundModel& found : ScanForModels(options_.roots, options_.on_skipped)) {
    ModelSpec spec;
    spec.id = std::move(found.id);
    spec.engine = options_.id;
    spec.source = std::move(found.source);
    absl::StatusOr<ModelSpec> described = Describe(spec);
    if (described.ok()) {
      specs.push_back(*std::move(described));
    } else {
      options_.on_skipped(spec.source, described.status());
    }
  }
  return specs;
}

absl::StatusOr<ModelSpec> FilesEngine::Describe(const ModelSpec& spec) {
  const auto files = ResolveModelFiles(spec.source);
  if (!files.ok()) return AboutModel(files.status(), spec);
  const auto header = DescribeModelFiles(*files);
  if (!header.ok()) return AboutModel(header.status(), spec);
  ModelSpec result = spec;
  // What can be measured is not a matter of opinion; the rest may be.
  result.size_bytes = TotalBytes(*files);
  result.peak_bytes = result.size_bytes;
  result.format = header->format;
  if (result.architecture.empty()) result.architecture = header->architecture;
  if (result.context_length == 0) {
    result.context_length = header->context_length;
  }
  if (result.type == ModelType::kUnspecified) result.type = header->type;
  if (header->parameter_count > 0) {
    result.labels.emplace("parameters",
                          std::to_string(header->parameter_count));
  }
  if (!header->name.empty()) result.labels.emplace("name", header->name);
  return result;
}

absl::StatusOr<LoadResult> FilesEngine::Load(const ModelSpec& spec,
                                             LoadControl& control) {
  const auto files = ResolveModelFiles(spec.source);
  if (!files.ok()) return AboutModel(files.status(), spec);
  Release(spec.id);
  WARMUP_RETURN_IF_ERROR(BeginUse(spec.id, *files));
  LoadJob job(*files, {.access = options_.page_access, .mlock = options_.mlock},
              control);
  const absl::Status status = job.Run();
  if (!status.ok()) {
    EndUse(*files);
    job.GiveBack([this](const FileId& file) { return IsUsed(file); });
    return AboutModel(status, spec);
  }
  Hold(spec.id, job.TakeFiles());
  const auto residency = MeasureFiles(spec.id, *files);
  if (residency.ok() && residency->tier == Tier::kReady) {
    return LoadResult{
        .residency = *residency,
        .read_bytes = job.read_bytes(),
        .start = StartOf(job.read_bytes(), residency->total_bytes)};
  }
  const absl::Status given_back = Unload(spec);
  static_cast<void>(given_back);  // the load's own error says more
  if (!residency.ok()) return AboutModel(residency.status(), spec);
  return MakeError(
      absl::StatusCode::kResourceExhausted, "MEMORY_SHORT",
      absl::StrCat("model \"", spec.id, "\": only ", residency->resident_bytes,
                   " of ", residency->total_bytes,
                   " bytes stayed in memory: the system needs it for "
                   "something else"),
      {{"model", spec.id}});
}

absl::Status FilesEngine::Unload(const ModelSpec& spec) {
  std::set<std::string> paths = Release(spec.id);
  // What cannot be resolved is not there: only what was held may be in memory.
  if (const auto files = ResolveModelFiles(spec.source); files.ok()) {
    for (const ModelFile& file : *files) paths.insert(file.path);
  }
  int64_t total = 0;
  int64_t rest = 0;
  std::string in_use_path;
  absl::Status failed;
  for (const std::string& path : paths) {
    const auto opened = CachedFile::Open(path, options_.page_access);
    if (IsGone(opened.status())) continue;  // its memory went along
    if (opened.ok() && IsUsed(opened->stamp().id)) continue;  // by another
    const auto kept = opened.ok() ? DropFile(*opened) : opened.status();
    if (!kept.ok()) {
      failed.Update(kept.status());
      continue;
    }
    total += opened->size_bytes();
    rest += *kept;
    if (*kept > 0) in_use_path = path;
  }
  if (!failed.ok()) return AboutModel(failed, spec);
  if (total == 0 || TierOf(rest, total) != Tier::kReady) {
    return absl::OkStatus();
  }
  return MakeError(
      absl::StatusCode::kFailedPrecondition, "MEMORY_IN_USE",
      absl::StrCat("model \"", spec.id, "\": ", rest, " of ", total,
                   " bytes stay in memory, because another process has \"",
                   in_use_path, "\" mapped or locked"),
      {{"model", spec.id},
       {"path", in_use_path},
       {"resident_bytes", std::to_string(rest)}});
}

absl::StatusOr<Residency> FilesEngine::Measure(const ModelSpec& spec) {
  const auto files = ResolveModelFiles(spec.source);
  if (!files.ok()) {
    // A ready model whose files are gone is no longer in memory, once our own
    // mapping of them is given up.
    if (absl::IsNotFound(files.status()) && !Release(spec.id).empty()) {
      return Residency{};
    }
    return AboutModel(files.status(), spec);
  }
  return MeasureFiles(spec.id, *files);
}

absl::StatusOr<std::vector<Sighting>> FilesEngine::Look(
    const std::vector<ModelSpec>& specs) {
  std::vector<Sighting> sightings;
  sightings.reserve(specs.size());
  for (const ModelSpec& spec : specs) {
    Sighting& sighting = sightings.emplace_back();
    if (FindHeld(spec.id)->empty()) continue;
    const auto residency = Measure(spec);
    sighting.residency =
        residency.ok()
            ? *residency
            : Residency{Tier::kReady, spec.size_bytes, spec.size_bytes};
    if (sighting.residency.tier == Tier::kCold) Release(spec.id);
  }
  round_.Look(
      specs, [this](const ModelSpec& spec) { return Measure(spec); },
      &sightings);
  return sightings;
}

absl::StatusOr<Residency> FilesEngine::MeasureFiles(
    const ModelId& id, const std::vector<ModelFile>& files) const {
  Residency residency;
  std::shared_ptr<const Held> held;
  for (const ModelFile& file : files) {
    WARMUP_ASSIGN_OR_RETURN(const CachedFile opened,
                            CachedFile::Open(file.path, options_.page_access));
    const CachedFile* seen = &opened;
    if (!opened.is_residency_visible()) {
      // Only then: who has a hold in hand delays its end.
      if (held == nullptr) held = FindHeld(id);
      const auto ours = std::find_if(
          held->begin(), held->end(), [&](const CachedFile& candidate) {
            return candidate.stamp() == opened.stamp();
          });
      if (ours != held->end()) seen = &*ours;
    }
    WARMUP_ASSIGN_OR_RETURN(const int64_t bytes, seen->ResidentBytes());
    residency.resident_bytes += bytes;
    residency.total_bytes += opened.size_bytes();
  }
  residency.tier = TierOf(residency.resident_bytes, residency.total_bytes);
  return residency;
}

std::shared_ptr<const FilesEngine::Held> FilesEngine::FindHeld(
    const ModelId& id) const {
  MutexLock lock(mutex_);
  const auto it = held_.find(id);
  return it == held_.end() ? std::make_shared<const Held>() : it->second;
}

absl::Status FilesEngine::BeginUse(const ModelId& id,
                                   const std::vector<ModelFile>& files) {
  MutexLock lock(mutex_);
  if (mapped_files_ + files.size() > kMaxMappedFiles) {
    return MakeError(
        absl::StatusCode::kResourceExhausted, "TOO_MANY_FILES",
        absl::StrCat("model \"", id, "\": its ", files.size(),
                     " files and the ", mapped_files_,
                     " of the ready models exceed ", kMaxMappedFiles),
        {{"model", id}, {"limit", "kMaxMappedFiles"}});
  }
  mapped_files_ += files.size();
  for (const ModelFile& file : files) ++users_[file.stamp.id];
  return absl::OkStatus();
}

void FilesEngine::EndUse(const std::vector<ModelFile>& files) {
  MutexLock lock(mutex_);
  mapped_files_ -= files.size();
  for (const ModelFile& file : files) EndUseLocked(file.stamp.id);
}

void FilesEngine::EndUseLocked(const FileId& file) {
  const auto it = users_.find(file);
  if (it != users_.end() && --it->second == 0) users_.erase(it);
}

bool FilesEngine::IsUsed(const FileId& file) const {
  MutexLock lock(mutex_);
  return users_.contains(file);
}

void FilesEngine::Hold(const ModelId& id, Held files) {
  auto held = std::make_shared<const Held>(std::move(files));
  MutexLock lock(mutex_);
  held_[id] = std::move(held);
}

std::set<std::string> FilesEngine::Release(const ModelId& id) {
  std::set<std::string> paths;
  std::shared_ptr<const Held> held;  // unmapped after the lock
  MutexLock lock(mutex_);
  const auto it = held_.find(id);
  if (it == held_.end()) return paths;
  held = std::move(it->second);
  held_.erase(it);
  mapped_files_ -= held->size();
  for (const CachedFile& file : *held) {
    paths.insert(file.path());
    EndUseLocked(file.stamp().id);
  }
  return paths;
}

}  // namespace warmup
