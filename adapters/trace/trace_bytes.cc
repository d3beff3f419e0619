#include "adapters/trace/trace_bytes.h"

#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace warmup {
namespace {

constexpr size_t kInputBytes = size_t{128} << 10;
constexpr std::string_view kZstdMagic = "\x28\xb5\x2f\xfd";

}  // namespace

absl::StatusOr<std::unique_ptr<TraceBytes>> TraceBytes::Open(
    const std::string& path) {
  std::FILE* const file = std::fopen(path.c_str(), "rbe");
  if (file == nullptr) {
    const int error = errno;
    return MakeError(absl::ErrnoToStatusCode(error), "FILE_UNREADABLE",
                     absl::StrCat(path, ": ", std::strerror(error)),
                     {{"file", path}});
  }
  return std::unique_ptr<TraceBytes>(new TraceBytes(path, file));
}

TraceBytes::TraceBytes(std::string path, std::FILE* file)
    : path_(std::move(path)), file_(file) {
  Refill();
  if (std::string_view(input_.data(), input_.size()).starts_with(kZstdMagic)) {
    context_ = ZSTD_createDCtx();
  }
}

TraceBytes::~TraceBytes() {
  ZSTD_freeDCtx(context_);
  std::fclose(file_);
}

size_t TraceBytes::Read(char* buffer, size_t size) {
  if (size == 0 || !status_.ok()) return 0;
  size_t count =
      context_ == nullptr ? Copy(buffer, size) : Decompress(buffer, size);
  if (count > 0) last_ = buffer[count - 1];
  // The parser looks at the byte behind the last line if that has no end.
  if (count < size && last_ != '\n') last_ = buffer[count++] = '\n';
  return count;
}

size_t TraceBytes::Copy(char* buffer, size_t size) {
  size_t count = 0;
  while (count < size && (at_ < input_.size() || Refill())) {
    const size_t step = std::min(size - count, input_.size() - at_);
    std::memcpy(buffer + count, input_.data() + at_, step);
    count += step;
    at_ += step;
  }
  return count;
}

size_t TraceBytes::Decompress(char* buffer, size_t size) {
  ZSTD_outBuffer out = {buffer, size, 0};
  while (out.pos < out.size) {
    ZSTD_inBuffer in = {input_.data(), input_.size(), at_};
    const size_t before = out.pos;
    const size_t left = ZSTD_decompressStream(context_, &out, &in);
    if (ZSTD_isError(left) != 0) {
      Fail(ZSTD_getErrorName(left));
      break;
    }
    // Without progress it only says how much it would like to have next.
    const bool has_moved = in.pos != at_ || out.pos != before;
    if (has_moved) is_inside_ = left != 0;
    at_ = in.pos;
    if (has_moved || Refill()) continue;
    if (is_inside_) Fail("it ends in the middle");
    break;
  }
  return out.pos;
}

// False at the end.
bool TraceBytes::Refill() {
  input_.resize(kInputBytes);
  errno = 0;
  input_.resize(std::fread(input_.data(), 1, kInputBytes, file_));
  at_ = 0;
  if (std::ferror(file_) != 0) Fail(std::strerror(errno));
  return !input_.empty();
}

void TraceBytes::Fail(const std::string& what) {
  status_ = MakeError(absl::StatusCode::kDataLoss, "FILE_UNREADABLE",
                      absl::StrCat(path_, ": ", what), {{"file", path_}});
}

}  // namespace warmup
