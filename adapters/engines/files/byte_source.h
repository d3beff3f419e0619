#ifndef WARMUP_ADAPTERS_ENGINES_FILES_BYTE_SOURCE_H_
#define WARMUP_ADAPTERS_ENGINES_FILES_BYTE_SOURCE_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace warmup {

static_assert(std::endian::native == std::endian::little,
              "the readers of model headers copy little-endian numbers");

// Bytes that can be read at any offset: a file, or memory in tests.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual uint64_t size() const = 0;
  // Reads exactly `length` bytes, which lie within size(). An error when they
  // cannot be had (the file has shrunk).
  virtual absl::Status ReadAt(uint64_t offset, char* to, size_t length) = 0;
};

class MemorySource final : public ByteSource {
 public:
  // `bytes` outlives this.
  explicit MemorySource(std::string_view bytes) : bytes_(bytes) {}
  uint64_t size() const override { return bytes_.size(); }
  absl::Status ReadAt(uint64_t offset, char* to, size_t length) override;

 private:
  const std::string_view bytes_;
};

// Reads an open file; does not own the descriptor.
class FileSource final : public ByteSource {
 public:
  FileSource(int fd, uint64_t size) : fd_(fd), size_(size) {}
  uint64_t size() const override { return size_; }
  absl::Status ReadAt(uint64_t offset, char* to, size_t length) override;

 private:
  const int fd_;
  const uint64_t size_;
};

// Walks over a source from its start. Every step is checked against the end
// of the source and against `max_bytes`, so that a lying length can make it
// neither read out of bounds nor read forever. The first error sticks: a
// caller may read several values and check ok() once.
class ByteCursor {
 public:
  ByteCursor(ByteSource& source, uint64_t max_bytes);

  bool ok() const { return status_.ok(); }
  const absl::Status& status() const { return status_; }
  uint64_t position() const { return position_; }
  uint64_t remaining() const { return end_ - position_; }

  template <typename Number>
  Number Read() {
    static_assert(std::is_arithmetic_v<Number>);
    Number value{};
    Copy(reinterpret_cast<char*>(&value), sizeof(value));
    return ok() ? value : Number{};
  }
  // The bytes of a string whose length comes first as a 64-bit number. An
  // error when it is longer than `max_length`.
  std::string ReadString(uint64_t max_length);
  void Skip(uint64_t length);
  // Skips `count` things of `size` bytes each; safe against overflow.
  void SkipArray(uint64_t count, uint64_t size);
  void Fail(std::string_view why);

 private:
  void Copy(char* to, size_t length);

  ByteSource& source_;
  const uint64_t end_;
  const bool is_cut_by_limit_;
  uint64_t position_ = 0;
  uint64_t window_start_ = 0;
  std::vector<char> window_;  // bytes from window_start_ on
  absl::Status status_;
};

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_FILES_BYTE_SOURCE_H_
