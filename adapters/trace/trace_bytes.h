#ifndef WARMUP_ADAPTERS_TRACE_TRACE_BYTES_H_
#define WARMUP_ADAPTERS_TRACE_TRACE_BYTES_H_

#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct ZSTD_DCtx_s;

namespace warmup {

// The bytes of a file, decompressed where it is zstd's, the last one always a
// line's end. What went wrong ends it, and is its status. Not thread-safe.
class TraceBytes {
 public:
  static absl::StatusOr<std::unique_ptr<TraceBytes>> Open(
      const std::string& path);
  ~TraceBytes();
  TraceBytes(const TraceBytes&) = delete;
  TraceBytes& operator=(const TraceBytes&) = delete;

  // As many as asked for; fewer at the end only.
  size_t Read(char* buffer, size_t size);
  const absl::Status& status() const { return status_; }

 private:
  TraceBytes(std::string path, std::FILE* file);
  size_t Copy(char* buffer, size_t size);
  size_t Decompress(char* buffer, size_t size);
  bool Refill();
  void Fail(const std::string& what);

  const std::string path_;
  std::FILE* const file_;
  ZSTD_DCtx_s* context_ = nullptr;  // none: the file is not compressed
  std::vector<char> input_;
  size_t at_ = 0;           // in input_
  bool is_inside_ = false;  // a compressed frame
  char last_ = '\n';
  absl::Status status_;
};

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_TRACE_TRACE_BYTES_H_
