#include "adapters/engines/files/model_scan.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "adapters/engines/files/cached_file.h"
#include "adapters/engines/files/model_files.h"
#include "adapters/engines/files/ollama_store.h"
#include "adapters/engines/files/os_error.h"
#include "adapters/engines/files/small_file.h"
#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace warmup {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kHubPrefix = "models--";

bool IsWeights(std::string_view extension) {
  static constexpr std::array<std::string_view, 12> kExtensions = {
      ".gguf", ".ggml", ".safetensors", ".onnx",   ".bin",  ".pt",
      ".pth",  ".ckpt", ".tflite",      ".engine", ".plan", ".mlmodel"};
  return std::find(kExtensions.begin(), kExtensions.end(), extension) !=
         kExtensions.end();
}

std::string_view Stem(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const size_t dot = name.rfind('.');
  return dot == 0 ? name : name.substr(0, dot);
}

// "models--org--name" -> "org/name"
std::string HubName(std::string_view folder) {
  std::string name(folder.substr(kHubPrefix.size()));
  for (size_t at = name.find("--"); at != std::string::npos;
       at = name.find("--", at)) {
    name.replace(at, 2, "/");
  }
  return name;
}

// The revision that refs/main of a hub model stands for: a folder's name.
absl::StatusOr<std::string> ReadRevision(const fs::path& path) {
  WARMUP_ASSIGN_OR_RETURN(
      std::string text,
      ReadSmallFile(path.native(), static_cast<int64_t>(limits::kMaxIdBytes)));
  text.resize(std::min(text.size(), text.find_first_of("\r\n")));
  if (text.empty() || text == "." || text == ".." ||
      text.find_first_of(std::string_view("/\0", 2)) != std::string::npos) {
    return FileUnfit("NO_REVISION", path.native(), "names no revision");
  }
  return text;
}

// Whether it may be a text of a catalogue entry: UTF-8 without control
// characters.
bool IsPlainText(const std::string& text) {
  using nlohmann::json;
  const bool has_control = std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
  });
  const auto dump = [&](json::error_handler_t on_error) {
    return json(text).dump(-1, ' ', false, on_error);
  };
  return !has_control && dump(json::error_handler_t::ignore) ==
                             dump(json::error_handler_t::replace);
}

struct Entry {
  fs::path path;
  struct stat info{};
};

class Scanner {
 public:
  explicit Scanner(const SkippedCallback& on_skipped)
      : on_skipped_(on_skipped) {}

  void ScanRoot(const std::string& root) {
    struct stat info{};
    if (stat(root.c_str(), &info) != 0) {
      Skip(root, FileError(errno, "looking at", root));
    } else if (S_ISDIR(info.st_mode)) {
      ScanFolder(root, info, 0);
    } else {
      Skip(root, FileUnfit("NOT_A_FOLDER", root, "is not a folder"));
    }
  }

  std::vector<FoundModel> Take() { return std::move(found_); }

 private:
  void ScanFolder(const fs::path& folder, const struct stat& info, int depth);
  void ScanHubModel(const fs::path& folder, int depth);
  void AddWeights(const std::vector<Entry>& weights);
  std::vector<Entry> List(const fs::path& folder);
  void Add(const std::string& name, const fs::path& source);
  void Skip(const fs::path& path, const absl::Status& why) {
    on_skipped_(path.string(), why);
  }
  void SkipLimit(const fs::path& path, std::string_view limit) {
    Skip(path, MakeError(absl::StatusCode::kResourceExhausted, "SCAN_LIMIT",
                         "the scan reached its limit " + std::string(limit),
                         {{"limit", limit}}));
  }

  const SkippedCallback& on_skipped_;
  std::vector<FoundModel> found_;
  std::set<ModelId> ids_;
  std::set<FileId> visited_;
  size_t entries_ = 0;
};

std::vector<Entry> Scanner::List(const fs::path& folder) {
  std::vector<Entry> entries;
  std::error_code error;
  fs::directory_iterator it(folder, error);
  for (; !error && it != fs::directory_iterator(); it.increment(error)) {
    if (it->path().filename().native().starts_with('.')) continue;
    if (++entries_ > kMaxScanEntries) {
      if (entries_ == kMaxScanEntries + 1) SkipLimit(folder, "kMaxScanEntries");
      break;
    }
    Entry entry{.path = it->path()};
    if (stat(entry.path.c_str(), &entry.info) != 0) {
      Skip(entry.path, FileError(errno, "looking at", entry.path.native()));
      continue;
    }
    entries.push_back(std::move(entry));
  }
  if (error) {
    Skip(folder, FileError(error.value(), "listing", folder.native()));
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.path < b.path; });
  return entries;
}

void Scanner::ScanFolder(const fs::path& folder, const struct stat& info,
                         int depth) {
  if (!visited_.insert(StampOf(info).id).second) return;  // a loop of links
  if (depth > kMaxScanDepth) {
    SkipLimit(folder, "kMaxScanDepth");
    return;
  }
  const std::string name = folder.filename().string();
  if (name.starts_with(kHubPrefix)) {
    ScanHubModel(folder, depth);
    return;
  }
  const std::vector<Entry> entries = List(folder);
  std::vector<Entry> weights;
  bool has_config = false;
  bool has_gguf = false;
  bool has_blobs = false;
  bool has_manifests = false;
  for (const Entry& entry : entries) {
    const std::string file = entry.path.filename().string();
    if (S_ISREG(entry.info.st_mode)) {
      const std::string extension = entry.path.extension().string();
      has_config |= file == "config.json";
      has_gguf |= extension == ".gguf";
      if (IsWeights(extension)) weights.push_back(entry);
    } else if (S_ISDIR(entry.info.st_mode)) {
      has_blobs |= file == "blobs";
      has_manifests |= file == "manifests";
    }
  }
  if (has_blobs && has_manifests) {
    for (OllamaModel& model : ReadOllamaStore(folder.string(), on_skipped_)) {
      Add(model.name, model.weights_path);
    }
    return;
  }
  if (has_config && !weights.empty() && !has_gguf) {
    Add(name, folder);
    return;
  }
  AddWeights(weights);
  for (const Entry& entry : entries) {
    if (S_ISDIR(entry.info.st_mode)) {
      ScanFolder(entry.path, entry.info, depth + 1);
    }
  }
}

// A model of the Hugging Face cache: blobs by hash, and for each revision a
// folder of links to them. Only the revision that `main` stands for is one.
void Scanner::ScanHubModel(const fs::path& folder, int depth) {
  const auto revision = ReadRevision(folder / "refs" / "main");
  if (!revision.ok()) {
    Skip(folder, revision.status());
    return;
  }
  const fs::path snapshot = folder / "snapshots" / *revision;
  struct stat info{};
  if (stat(snapshot.c_str(), &info) != 0) {
    Skip(snapshot, FileError(errno, "looking at", snapshot.native()));
    return;
  }
  std::vector<Entry> ggufs;
  bool has_weights = false;
  for (Entry& entry : List(snapshot)) {
    const std::string extension = entry.path.extension().string();
    if (!S_ISREG(entry.info.st_mode) || !IsWeights(extension)) continue;
    has_weights = true;
    if (extension == ".gguf") ggufs.push_back(std::move(entry));
  }
  if (!ggufs.empty()) {
    AddWeights(ggufs);  // a choice of quantisations: each is a model
  } else if (has_weights) {
    Add(HubName(folder.filename().string()), snapshot);
  } else {
    ScanFolder(snapshot, info, depth + 1);
  }
}

void Scanner::AddWeights(const std::vector<Entry>& weights) {
  for (const Entry& entry : weights) {
    if (entry.info.st_size == 0) {
      Skip(entry.path,
           FileUnfit("MODEL_EMPTY", entry.path.native(), "is empty"));
      continue;
    }
    const auto shard = ParseShardName(entry.path.native());
    if (!shard.has_value()) {
      Add(std::string(Stem(entry.path.native())), entry.path);
    } else if (shard->index == 1) {
      Add(std::string(shard->stem.substr(shard->stem.rfind('/') + 1)),
          entry.path);
    }
  }
}

void Scanner::Add(const std::string& name, const fs::path& source) {
  const std::string path = source.lexically_normal().string();
  if (path.size() > limits::kMaxPathBytes || !IsPlainText(path)) {
    Skip(source,
         FileUnfit("PATH_UNFIT", path,
                   "is too long, not UTF-8 or holds control characters"));
    return;
  }
  if (found_.size() == limits::kMaxModels) {
    SkipLimit(source, "kMaxModels");
    return;
  }
  ModelId id = SanitiseId(name);
  for (fs::path folder = source.parent_path();
       ids_.contains(id) && folder.has_relative_path();
       folder = folder.parent_path()) {
    id = SanitiseId(absl::StrCat(folder.filename().string(), "/", id));
  }
  if (!ids_.insert(id).second) {
    Skip(source, FileUnfit("NAME_TAKEN", path, "has a name that is taken"));
    return;
  }
  found_.push_back({.id = std::move(id), .source = path});
}

}  // namespace

ModelId SanitiseId(std::string_view name) {
  ModelId id(name.substr(0, limits::kMaxIdBytes));
  for (char& c : id) {
    if (c <= ' ' || c > '~') c = '-';
  }
  return id.empty() ? "model" : id;
}

std::vector<FoundModel> ScanForModels(const std::vector<std::string>& roots,
                                      const SkippedCallback& on_skipped) {
  Scanner scanner(on_skipped);
  for (const std::string& root : roots) scanner.ScanRoot(root);
  return scanner.Take();
}

}  // namespace warmup
