#include "adapters/store/compression.h"

#include <zstd.h>

#include <memory>

#include "core/base/check.h"

namespace warmup {
namespace {

// Some hundred megabytes a second: a daemon has better things to do.
constexpr int kLevel = 1;
constexpr unsigned long long kMostBytes = 1ULL << 30;

}  // namespace

std::string Compress(std::string_view bytes) {
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(
      ZSTD_createCCtx(), &ZSTD_freeCCtx);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const size_t size = ZSTD_compress2(context.get(), out.data(), out.size(),
                                     bytes.data(), bytes.size());
  WARMUP_DCHECK(!ZSTD_isError(size));  // there is room
  out.resize(size);
  return out;
}

absl::StatusOr<std::string> Decompress(std::string_view bytes) {
  const unsigned long long size =
      ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  if (size > kMostBytes) {  // or an error, which is larger
    return absl::DataLossError("not a whole zstd frame of a size it tells");
  }
  std::string out(size, '\0');
  const size_t read =
      ZSTD_decompress(out.data(), out.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(read)) return absl::DataLossError(ZSTD_getErrorName(read));
  return out;
}

}  // namespace warmup
