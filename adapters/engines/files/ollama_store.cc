#include "adapters/engines/files/ollama_store.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <utility>

#include "absl/status/statusor.h"
#include "adapters/engines/files/model_scan.h"
#include "adapters/engines/files/os_error.h"
#include "adapters/engines/files/small_file.h"
#include "core/base/limits.h"
#include "core/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace warmup {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// manifests/<registry>/<namespace>/<name>/<tag>
constexpr size_t kManifestDepth = 4;
constexpr std::string_view kWeightsLayer = "application/vnd.ollama.image.model";
constexpr std::string_view kDefaultRegistry = "registry.ollama.ai";
constexpr std::string_view kDefaultNamespace = "library";

// Leaves out what `ollama list` leaves out.
std::string NameOf(const std::vector<std::string>& parts) {
  std::string name = parts[2] + ":" + parts[3];
  const bool is_default_registry = parts[0] == kDefaultRegistry;
  if (!is_default_registry || parts[1] != kDefaultNamespace) {
    name.insert(0, parts[1] + "/");
  }
  if (!is_default_registry) name.insert(0, parts[0] + "/");
  return name;
}

// "sha256:<64 hex digits>", which alone may become part of a path.
bool IsDigest(std::string_view digest) {
  constexpr std::string_view kPrefix = "sha256:";
  if (!digest.starts_with(kPrefix) || digest.size() != kPrefix.size() + 64) {
    return false;
  }
  digest.remove_prefix(kPrefix.size());
  return std::all_of(digest.begin(), digest.end(), [](char c) {
    return std::isxdigit(static_cast<unsigned char>(c)) != 0;
  });
}

absl::StatusOr<std::string> WeightsDigest(const fs::path& path) {
  WARMUP_ASSIGN_OR_RETURN(const std::string text,
                          ReadSmallFile(path.native(), kMaxManifestBytes));
  const json manifest = json::parse(text, nullptr, /*allow_exceptions=*/false);
  auto unfit = FileUnfit("MANIFEST_UNFIT", path.native(),
                         "is no manifest that names weights");
  if (!manifest.is_object() || !manifest.contains("layers")) return unfit;
  const json& layers = manifest["layers"];
  if (!layers.is_array()) return unfit;
  for (const json& layer : layers) {
    if (!layer.is_object() || !layer.contains("mediaType") ||
        layer["mediaType"] != kWeightsLayer || !layer.contains("digest") ||
        !layer["digest"].is_string()) {
      continue;
    }
    std::string digest = layer["digest"].get<std::string>();
    if (IsDigest(digest)) return digest;
  }
  return unfit;
}

}  // namespace

std::vector<OllamaModel> ReadOllamaStore(
    const std::string& store,
    const std::function<void(std::string_view path, const absl::Status& why)>&
        on_skipped) {
  std::vector<OllamaModel> models;
  const fs::path manifests = fs::path(store) / "manifests";
  std::error_code error;
  fs::recursive_directory_iterator it(manifests, error);
  for (size_t entries = 0;
       !error && it != fs::recursive_directory_iterator() &&
       entries < kMaxScanEntries && models.size() < limits::kMaxModels;
       it.increment(error), ++entries) {
    if (it.depth() + 1 < static_cast<int>(kManifestDepth)) continue;
    it.disable_recursion_pending();
    std::error_code type_error;
    if (!it->is_regular_file(type_error)) continue;
    std::vector<std::string> parts;
    for (const fs::path& part : it->path().lexically_relative(manifests)) {
      parts.push_back(part.string());
    }
    if (parts.size() != kManifestDepth) continue;
    absl::StatusOr<std::string> digest = WeightsDigest(it->path());
    if (!digest.ok()) {
      on_skipped(it->path().native(), digest.status());
      continue;
    }
    std::replace(digest->begin(), digest->end(), ':', '-');
    const fs::path blob = fs::path(store) / "blobs" / *digest;
    if (!fs::is_regular_file(blob, type_error)) {
      on_skipped(blob.native(), FileUnfit("BLOB_MISSING", blob.native(),
                                          "is named by a manifest, but is "
                                          "not there"));
      continue;
    }
    models.push_back({NameOf(parts), blob.string()});
  }
  if (error) {
    on_skipped(manifests.native(),
               FileError(error.value(), "listing", manifests.native()));
  }
  std::sort(models.begin(), models.end(),
            [](const OllamaModel& a, const OllamaModel& b) {
              return a.name < b.name;
            });
  return models;
}

}  // namespace warmup
