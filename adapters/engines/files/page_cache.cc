#include "adapters/engines/files/page_cache.h"

#include "adapters/engines/files/cached_file.h"

namespace warmup {

std::optional<Residency> MeasurePageCache(const std::string& path) {
  const auto file = CachedFile::Open(path, PageAccess::kFast);
  if (!file.ok() || !file->is_residency_visible()) return std::nullopt;
  const auto resident = file->ResidentBytes();
  if (!resident.ok()) return std::nullopt;
  return Residency{.tier = *resident > 0 ? Tier::kHost : Tier::kCold,
                   .resident_bytes = *resident,
                   .total_bytes = file->size_bytes()};
}

}  // namespace warmup
