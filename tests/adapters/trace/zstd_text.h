#ifndef WARMUP_TESTS_ADAPTERS_TRACE_ZSTD_TEXT_H_
#define WARMUP_TESTS_ADAPTERS_TRACE_ZSTD_TEXT_H_

#include <zstd.h>

#include <fstream>
#include <string>

namespace warmup {

inline std::string Compressed(const std::string& text) {
  std::string bytes(ZSTD_compressBound(text.size()), '\0');
  bytes.resize(ZSTD_compress(bytes.data(), bytes.size(), text.data(),
                             text.size(), /*compressionLevel=*/1));
  return bytes;
}

inline void WriteBytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace warmup

#endif  // WARMUP_TESTS_ADAPTERS_TRACE_ZSTD_TEXT_H_
