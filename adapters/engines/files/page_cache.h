#ifndef WARMUP_ADAPTERS_ENGINES_FILES_PAGE_CACHE_H_
#define WARMUP_ADAPTERS_ENGINES_FILES_PAGE_CACHE_H_

#include <optional>
#include <string>

#include "core/ports/engine.h"

namespace warmup {

// How much of a file is in the page cache: what an engine on this machine that
// reads it would find there. Nothing where the kernel does not tell: there is
// no such file here, or it is another user's.
std::optional<Residency> MeasurePageCache(const std::string& path);

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_FILES_PAGE_CACHE_H_
