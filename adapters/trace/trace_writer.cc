#include "adapters/trace/trace_writer.h"

#include <fcntl.h>
#include <unistd.h>
#include <zstd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/error.h"

namespace warmup {
namespace {

namespace fs = std::filesystem;

constexpr size_t kTextBytes = size_t{128} << 10;

absl::Status Unwritable(const std::string& path, int error) {
  return MakeError(error == ENOSPC || error == EDQUOT || error == EFBIG
                       ? absl::StatusCode::kResourceExhausted
                       : absl::ErrnoToStatusCode(error),
                   "FILE_UNWRITABLE",
                   absl::StrCat(path, ": ", std::strerror(error)),
                   {{"file", path}});
}

// As a CSV field on one line: what would end it is a space.
std::string Field(std::string_view text) {
  std::string field;
  bool is_quoted = false;
  for (const char c : text) {
    const bool is_space = static_cast<unsigned char>(c) <= ' ';
    is_quoted |= is_space || c == ',' || c == '"';
    if (c == '"') field += c;
    field += is_space ? ' ' : c;
  }
  return is_quoted ? absl::StrCat("\"", field, "\"") : field;
}

std::string Seconds(int64_t micros) {
  return absl::StrFormat("%d.%06d", micros / 1'000'000, micros % 1'000'000);
}

}  // namespace

absl::StatusOr<std::unique_ptr<TraceWriter>> TraceWriter::Create(
    const std::string& path) {
  const auto make =
      [&](const std::string& real, std::string temporary,
          int fd) -> absl::StatusOr<std::unique_ptr<TraceWriter>> {
    std::FILE* const file = fd < 0 ? nullptr : fdopen(fd, "wb");
    if (file == nullptr) return Unwritable(path, errno);
    return std::unique_ptr<TraceWriter>(
        new TraceWriter(real, std::move(temporary), file));
  };
  if (path == "-") return make(path, "", fcntl(1, F_DUPFD_CLOEXEC, 0));
  std::error_code error;
  // Behind a link the file itself is replaced.
  const fs::path canonical = fs::weakly_canonical(path, error);
  const std::string real = error ? path : canonical.string();
  const fs::file_status there = fs::status(real, error);
  if (fs::exists(there) && !fs::is_regular_file(there)) {
    return make(path, "", open(real.c_str(), O_WRONLY | O_CLOEXEC));
  }
  std::string temporary = real + ".XXXXXX";
  const int fd = mkostemp(temporary.data(), O_CLOEXEC);
  return make(real, std::move(temporary), fd);
}

TraceWriter::TraceWriter(std::string path, std::string temporary,
                         std::FILE* file)
    : path_(std::move(path)), temporary_(std::move(temporary)), file_(file) {
  if (path_.ends_with(".zst")) {
    context_ = ZSTD_createCCtx();
    compressed_.resize(ZSTD_CStreamOutSize());
  }
  text_ = "time_s,user,item,size_mib,load_s\n";
}

TraceWriter::~TraceWriter() {
  ZSTD_freeCCtx(context_);
  if (file_ == nullptr) return;
  std::fclose(file_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

void TraceWriter::Add(const Row& row) {
  absl::StrAppend(&text_, Seconds(row.at_us), ",", Field(row.user), ",",
                  Field(row.item), ",");
  if (row.size_mib > 0) {
    absl::StrAppend(&text_, row.size_mib, ",", Seconds(row.load_us), "\n");
  } else {
    text_ += ",\n";
  }
  if (text_.size() >= kTextBytes) Flush(/*is_end=*/false);
}

void TraceWriter::Flush(bool is_end) {
  if (context_ == nullptr) {
    Write(text_.data(), text_.size());
  } else {
    ZSTD_inBuffer in = {text_.data(), text_.size(), 0};
    size_t left = 0;
    do {
      ZSTD_outBuffer out = {compressed_.data(), compressed_.size(), 0};
      left = ZSTD_compressStream2(context_, &out, &in,
                                  is_end ? ZSTD_e_end : ZSTD_e_continue);
      if (ZSTD_isError(left) != 0) {  // out of memory
        if (status_.ok()) status_ = Unwritable(path_, ENOMEM);
        break;
      }
      Write(compressed_.data(), out.pos);
    } while (is_end ? left != 0 : in.pos < in.size);
  }
  text_.clear();
}

void TraceWriter::Write(const char* bytes, size_t size) {
  if (!status_.ok() || size == 0) return;
  errno = 0;
  if (std::fwrite(bytes, 1, size, file_) != size) Fail(errno);
}

void TraceWriter::Fail(int error) {
  if (status_.ok()) status_ = Unwritable(path_, error == 0 ? EIO : error);
}

absl::Status TraceWriter::Finish() {
  Flush(/*is_end=*/true);
  errno = 0;
  if (std::fflush(file_) != 0) Fail(errno);
  // So that a crash of the machine leaves no empty file under the name.
  const bool is_replaced = !temporary_.empty();
  if (is_replaced && status_.ok() && fsync(fileno(file_)) != 0) Fail(errno);
  if (std::fclose(std::exchange(file_, nullptr)) != 0) Fail(errno);
  if (!is_replaced) return status_;
  if (status_.ok() && rename(temporary_.c_str(), path_.c_str()) != 0) {
    Fail(errno);
  }
  if (!status_.ok()) unlink(temporary_.c_str());
  return status_;
}

}  // namespace warmup
