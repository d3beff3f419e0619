#include "adapters/engines/files/byte_source.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace warmup {
namespace {

// What a cursor reads at once.
constexpr size_t kWindowBytes = size_t{64} * 1024;

absl::Status Damaged(std::string_view why) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "MODEL_DAMAGED", why);
}

}  // namespace

absl::Status MemorySource::ReadAt(uint64_t offset, char* to, size_t length) {
  if (offset > bytes_.size() || length > bytes_.size() - offset) {
    return Damaged("the header ends early");
  }
  std::memcpy(to, bytes_.data() + offset, length);
  return absl::OkStatus();
}

absl::Status FileSource::ReadAt(uint64_t offset, char* to, size_t length) {
  while (length > 0) {
    const ssize_t got = pread(fd_, to, length, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return absl::ErrnoToStatus(errno, "reading the start");
    if (got == 0) return Damaged("the file shrank while it was read");
    to += got;
    offset += static_cast<uint64_t>(got);
    length -= static_cast<size_t>(got);
  }
  return absl::OkStatus();
}

ByteCursor::ByteCursor(ByteSource& source, uint64_t max_bytes)
    : source_(source),
      end_(std::min(source.size(), max_bytes)),
      is_cut_by_limit_(source.size() > max_bytes) {}

void ByteCursor::Fail(std::string_view why) {
  if (status_.ok()) status_ = Damaged(why);
}

void ByteCursor::Copy(char* to, size_t length) {
  while (ok() && length > 0) {
    if (length > remaining()) {
      Fail(is_cut_by_limit_
               ? absl::StrCat("the header is longer than ", end_, " bytes")
               : std::string("the header ends early"));
      return;
    }
    const bool is_inside = position_ >= window_start_ &&
                           position_ < window_start_ + window_.size();
    if (!is_inside) {
      window_.resize(std::min<uint64_t>(kWindowBytes, remaining()));
      window_start_ = position_;
      status_ = source_.ReadAt(position_, window_.data(), window_.size());
      if (!ok()) {
        window_.clear();
        return;
      }
    }
    const size_t from = position_ - window_start_;
    const size_t part = std::min(length, window_.size() - from);
    std::memcpy(to, window_.data() + from, part);
    to += part;
    length -= part;
    position_ += part;
  }
}

std::string ByteCursor::ReadString(uint64_t max_length) {
  const auto length = Read<uint64_t>();
  if (!ok()) return {};
  if (length > max_length) {
    Fail(absl::StrCat("a text of ", length, " bytes is longer than ",
                      max_length));
    return {};
  }
  if (length > remaining()) {  // before memory is taken for it
    Skip(length);
    return {};
  }
  std::string text(length, '\0');
  Copy(text.data(), text.size());
  return ok() ? text : std::string();
}

void ByteCursor::Skip(uint64_t length) {
  if (!ok()) return;
  if (length > remaining()) {
    Fail(is_cut_by_limit_
             ? absl::StrCat("the header is longer than ", end_, " bytes")
             : std::string("the header ends early"));
    return;
  }
  position_ += length;
}

void ByteCursor::SkipArray(uint64_t count, uint64_t size) {
  if (!ok()) return;
  if (size != 0 && count > remaining() / size) {
    Skip(remaining() + 1);  // says what is wrong
    return;
  }
  Skip(count * size);
}

}  // namespace warmup
