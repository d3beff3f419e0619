#include "adapters/engines/files/model_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "adapters/engines/files/os_error.h"
#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/base/status_macros.h"

namespace warmup {
namespace {

constexpr int kMaxShards = 99'999;
constexpr std::string_view kShardPattern = "-00000-of-00000";

bool HasDigits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return std::isdigit(static_cast<unsigned char>(c)) != 0;
  });
}

// Collects the files of one model within the bounds.
class Collector {
 public:
  absl::Status AddFile(const std::string& path) {
    struct stat info{};
    if (stat(path.c_str(), &info) != 0) {
      return FileError(errno, "looking at", path);
    }
    if (!S_ISREG(info.st_mode)) {
      return FileUnfit("NOT_A_FILE", path,
                       "is neither a regular file nor a folder");
    }
    return Add(path, info);
  }

  absl::Status AddFolder(const std::string& path, const struct stat& info,
                         int depth);

  std::vector<ModelFile> Take() {
    std::sort(
        files_.begin(), files_.end(),
        [](const ModelFile& a, const ModelFile& b) { return a.path < b.path; });
    return std::move(files_);
  }

 private:
  absl::Status Add(const std::string& path, const struct stat& info) {
    const FileStamp stamp = StampOf(info);
    if (!seen_.insert(stamp.id).second) return absl::OkStatus();
    if (files_.size() == kMaxFilesPerModel) {
      return MakeError(absl::StatusCode::kResourceExhausted, "TOO_MANY_FILES",
                       absl::StrCat("a model at \"", path, "\" has more than ",
                                    kMaxFilesPerModel, " files"),
                       {{"limit", "kMaxFilesPerModel"}});
    }
    total_bytes_ += stamp.size_bytes;
    if (stamp.size_bytes > limits::kMaxModelBytes ||
        total_bytes_ > limits::kMaxModelBytes) {
      return FileUnfit("FILE_TOO_LARGE", path,
                       absl::StrCat("makes its model larger than ",
                                    limits::kMaxModelBytes, " bytes"));
    }
    files_.push_back({path, stamp});
    return absl::OkStatus();
  }

  std::vector<ModelFile> files_;
  std::set<FileId> seen_;  // files and folders: links may form a loop
  int64_t total_bytes_ = 0;
  size_t entries_ = 0;
};

absl::Status Collector::AddFolder(const std::string& path,
                                  const struct stat& info, int depth) {
  if (!seen_.insert(StampOf(info).id).second) return absl::OkStatus();
  if (depth > kMaxFolderDepth) {
    return MakeError(absl::StatusCode::kResourceExhausted, "FOLDER_TOO_DEEP",
                     absl::StrCat("\"", path, "\" lies more than ",
                                  kMaxFolderDepth, " folders deep"),
                     {{"limit", "kMaxFolderDepth"}});
  }
  std::error_code error;
  std::filesystem::directory_iterator it(path, error);
  for (; !error && it != std::filesystem::directory_iterator();
       it.increment(error)) {
    if (++entries_ > kMaxFolderEntries) {
      return MakeError(absl::StatusCode::kResourceExhausted, "FOLDER_TOO_LARGE",
                       absl::StrCat("\"", path, "\" is among more than ",
                                    kMaxFolderEntries, " entries"),
                       {{"limit", "kMaxFolderEntries"}});
    }
    const std::string entry = it->path().string();
    if (it->path().filename().string().starts_with('.')) continue;
    struct stat inner{};
    if (stat(entry.c_str(), &inner) != 0) {
      // A dangling link is a file that is missing.
      return FileError(errno, "looking at", entry);
    }
    if (S_ISREG(inner.st_mode)) {
      WARMUP_RETURN_IF_ERROR(Add(entry, inner));
    } else if (S_ISDIR(inner.st_mode)) {
      WARMUP_RETURN_IF_ERROR(AddFolder(entry, inner, depth + 1));
    }
  }
  if (error) return FileError(error.value(), "listing", path);
  return absl::OkStatus();
}

}  // namespace

std::string ShardName::Path(int shard) const {
  return stem + absl::StrFormat("-%05d-of-%05d", shard, count) + extension;
}

std::optional<ShardName> ParseShardName(std::string_view path) {
  const size_t name_start = path.rfind('/') + 1;  // 0 without a slash
  const size_t dot = path.rfind('.');
  if (dot == std::string_view::npos ||
      dot < name_start + kShardPattern.size()) {
    return std::nullopt;
  }
  const size_t at = dot - kShardPattern.size();
  const std::string_view index = path.substr(at + 1, 5);
  const std::string_view count = path.substr(at + 10, 5);
  if (path[at] != '-' || path.substr(at + 6, 4) != "-of-" ||
      !HasDigits(index) || !HasDigits(count)) {
    return std::nullopt;
  }
  ShardName name{.stem = std::string(path.substr(0, at)),
                 .index = std::stoi(std::string(index)),
                 .count = std::stoi(std::string(count)),
                 .extension = std::string(path.substr(dot))};
  if (name.index < 1 || name.index > name.count || name.count > kMaxShards) {
    return std::nullopt;
  }
  return name;
}

absl::StatusOr<std::vector<ModelFile>> ResolveModelFiles(
    const std::string& source) {
  if (source.empty() || source[0] != '/' ||
      source.size() > limits::kMaxPathBytes ||
      source.find('\0') != std::string::npos) {
    return InvalidField("spec.source", "must be an absolute path");
  }
  struct stat info{};
  if (stat(source.c_str(), &info) != 0) {
    return FileError(errno, "looking at", source);
  }
  Collector collector;
  const auto shard = ParseShardName(source);
  if (S_ISDIR(info.st_mode)) {
    WARMUP_RETURN_IF_ERROR(collector.AddFolder(source, info, 0));
  } else if (shard.has_value()) {
    if (static_cast<size_t>(shard->count) > kMaxFilesPerModel) {
      return FileUnfit("TOO_MANY_FILES", source,
                       absl::StrCat("claims ", shard->count, " parts"));
    }
    for (int i = 1; i <= shard->count; ++i) {
      WARMUP_RETURN_IF_ERROR(collector.AddFile(shard->Path(i)));
    }
  } else {
    WARMUP_RETURN_IF_ERROR(collector.AddFile(source));
  }
  std::vector<ModelFile> files = collector.Take();
  if (TotalBytes(files) == 0) {
    return FileUnfit("MODEL_EMPTY", source,
                     files.empty() ? "holds no files" : "is empty");
  }
  return files;
}

int64_t TotalBytes(const std::vector<ModelFile>& files) {
  int64_t total = 0;
  for (const ModelFile& file : files) total += file.stamp.size_bytes;
  return total;
}

}  // namespace warmup
