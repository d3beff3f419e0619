#ifndef WARMUP_ADAPTERS_TRACE_TRACE_WRITER_H_
#define WARMUP_ADAPTERS_TRACE_TRACE_WRITER_H_

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct ZSTD_CCtx_s;

namespace warmup {

// Writes a trace, or its context, as trace_file.h reads it. The file appears,
// whole, when Finish has returned OK; until then what was at its place stays.
// Not thread-safe.
class TraceWriter {
 public:
  struct Row {
    int64_t at_us = 0;  // since 1970, not before the row above
    std::string_view user;
    std::string_view item;
    int64_t size_mib = 0;  // 0: not known, then nor is the next
    int64_t load_us = 0;
  };

  // Compressed by zstd if the name ends in ".zst". "-" is the standard output;
  // that, pipes and devices are written to as it comes. NOT_FOUND,
  // PERMISSION_DENIED and the like where there can be no such file.
  static absl::StatusOr<std::unique_ptr<TraceWriter>> Create(
      const std::string& path);
  // Without Finish nothing is left behind.
  ~TraceWriter();
  TraceWriter(const TraceWriter&) = delete;
  TraceWriter& operator=(const TraceWriter&) = delete;

  // Errors come from Finish.
  void Add(const Row& row);
  // RESOURCE_EXHAUSTED where the disk is full; once.
  absl::Status Finish();

 private:
  TraceWriter(std::string path, std::string temporary, std::FILE* file);
  // Hands on what has come together; at the end all of it.
  void Flush(bool is_end);
  void Write(const char* bytes, size_t size);
  void Fail(int error);

  const std::string path_;
  const std::string temporary_;  // empty: the path itself is written to
  std::FILE* file_;
  ZSTD_CCtx_s* context_ = nullptr;  // none: it is not compressed
  std::string text_;                // not handed on yet
  std::string compressed_;
  absl::Status status_;
};

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_TRACE_TRACE_WRITER_H_
