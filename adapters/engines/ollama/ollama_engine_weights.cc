// Where the engine's models have their weights, and how much of them is in the
// page cache.

#include <utility>

#include "adapters/engines/files/page_cache.h"
#include "adapters/engines/ollama/ollama_engine.h"

namespace warmup {

std::optional<Residency> OllamaEngine::MeasureWeights(const std::string& name,
                                                      const HttpCall& call) {
  if (!http_->is_local()) return std::nullopt;
  std::string blob = BlobOf(name);
  if (blob.empty()) {
    HttpCall show = call;
    show.timeout = kOllamaLookTimeout;
    auto metadata = api_.Show(name, show);
    if (!metadata.ok()) return std::nullopt;  // the load says what it is
    blob = std::move(metadata->blob);
    MutexLock lock(mutex_);
    book_.SetBlob(name, blob);
  }
  return MeasurePageCache(blob);
}

std::string OllamaEngine::BlobOf(const std::string& name) {
  MutexLock lock(mutex_);
  const ollama::ModelBook::Entry* entry = book_.Find(name);
  return entry == nullptr ? "" : entry->blob;
}

void OllamaEngine::LookForWeights(const std::vector<ModelSpec>& specs,
                                  std::vector<Sighting>* sightings) {
  if (!http_->is_local()) return;
  round_.Look(
      specs,
      [this](const ModelSpec& spec) -> absl::StatusOr<Residency> {
        return MeasurePageCache(BlobOf(NameInEngine(spec)))
            .value_or(Residency{});
      },
      sightings);
}

}  // namespace warmup
