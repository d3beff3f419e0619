#include "demo/model_files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "absl/strings/str_cat.h"

namespace warmup::demo {
namespace {

constexpr size_t kBlockBytes = size_t{4} << 20;
constexpr size_t kHeaderBytes = 4096;

absl::Status FileError(std::string_view what, const std::string& path) {
  const int error = errno;
  const auto text = absl::StrCat("cannot ", std::string(what), " '", path,
                                 "': ", std::strerror(error));
  return error == ENOSPC ? absl::ResourceExhaustedError(text)
                         : absl::InternalError(text);
}

class File {
 public:
  File(const std::string& path, int flags)
      : fd_(open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

// Little-endian, as GGUF version 3 wants it (and this machine is).
class GgufWriter {
 public:
  void Number(uint64_t value, size_t bytes) {
    for (size_t i = 0; i < bytes; ++i) {
      data_ += static_cast<char>(value >> (8 * i) & 0xFF);
    }
  }
  void Text(std::string_view text) {
    Number(text.size(), 8);
    data_ += text;
  }
  void TextEntry(std::string_view key, std::string_view value) {
    Text(key);
    Number(8, 4);
    Text(value);
  }
  void NumberEntry(std::string_view key, uint64_t value) {
    Text(key);
    Number(4, 4);
    Number(value, 4);
  }
  std::string Take() { return std::move(data_); }

 private:
  std::string data_;
};

// Four metadata entries and one F16 tensor that takes the rest of the file.
std::string GgufHeader(const ModelFile& file) {
  GgufWriter out;
  out.Number(0x46554747, 4);  // "GGUF"
  out.Number(3, 4);
  out.Number(1, 8);
  out.Number(4, 8);
  out.TextEntry("general.architecture", "llama");
  out.TextEntry("general.name", file.model);
  out.NumberEntry("general.alignment", kHeaderBytes);
  out.NumberEntry("llama.context_length", 8192);
  constexpr uint64_t kRowLength = 2048;  // of two bytes: 4096 bytes a row
  const auto data_bytes = static_cast<uint64_t>(file.size_bytes) - kHeaderBytes;
  out.Text("token_embd.weight");
  out.Number(2, 4);
  out.Number(kRowLength, 8);
  out.Number(data_bytes / (kRowLength * 2), 8);
  out.Number(1, 4);  // F16
  out.Number(0, 8);
  std::string header = out.Take();
  header.resize(kHeaderBytes, '\0');
  return header;
}

// splitmix64: fast, and no file system or disk can compress it away.
class Noise {
 public:
  explicit Noise(uint64_t seed) : state_(seed) {}
  void Fill(std::vector<uint64_t>* block) {
    for (uint64_t& word : *block) {
      uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
      z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
      z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
      word = z ^ (z >> 31);
    }
  }

 private:
  uint64_t state_;
};

absl::Status WriteAll(int fd, const char* data, size_t size,
                      const std::string& path) {
  while (size > 0) {
    const ssize_t written = write(fd, data, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FileError("write", path);
    data += written;
    size -= static_cast<size_t>(written);
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> CachedBytes(const File& file, int64_t size_bytes) {
  const auto size = static_cast<size_t>(size_bytes);
  void* map = mmap(nullptr, size, PROT_READ, MAP_SHARED, file.fd(), 0);
  if (map == MAP_FAILED) return absl::InternalError(std::strerror(errno));
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> resident((size + page - 1) / page);
  const int result = mincore(map, size, resident.data());
  munmap(map, size);
  if (result != 0) return absl::InternalError(std::strerror(errno));
  const auto pages =
      std::count_if(resident.begin(), resident.end(),
                    [](unsigned char bits) { return (bits & 1) != 0; });
  return pages * static_cast<int64_t>(page);
}

}  // namespace

absl::Status WriteModelFile(const ModelFile& file,
                            const std::function<bool(int64_t)>& progress) {
  const File out(file.path, O_WRONLY | O_CREAT | O_TRUNC);
  if (out.fd() < 0) return FileError("create", file.path);
  const std::string header = GgufHeader(file);
  absl::Status status =
      WriteAll(out.fd(), header.data(), header.size(), file.path);
  Noise noise(std::hash<std::string>()(file.model));
  std::vector<uint64_t> block(kBlockBytes / sizeof(uint64_t));
  for (auto left = static_cast<size_t>(file.size_bytes) - header.size();
       status.ok() && left > 0;) {
    noise.Fill(&block);
    const size_t size = std::min(left, kBlockBytes);
    status = WriteAll(out.fd(), reinterpret_cast<const char*>(block.data()),
                      size, file.path);
    left -= size;
    if (status.ok() && !progress(static_cast<int64_t>(size))) {
      return absl::CancelledError("interrupted");
    }
  }
  if (status.ok() && fdatasync(out.fd()) != 0) {
    status = FileError("write", file.path);
  }
  return status;
}

absl::StatusOr<int64_t> DropFromPageCache(const std::vector<ModelFile>& files) {
  int64_t cached = 0;
  for (const ModelFile& file : files) {
    const File in(file.path, O_RDONLY);
    if (in.fd() < 0) return FileError("open", file.path);
    posix_fadvise(in.fd(), 0, 0, POSIX_FADV_DONTNEED);
    absl::StatusOr<int64_t> bytes = CachedBytes(in, file.size_bytes);
    if (!bytes.ok()) return bytes.status();
    cached += *bytes;
  }
  return cached;
}

bool CanLock(int64_t bytes) {
  const auto size = static_cast<size_t>(bytes);
  void* map = mmap(nullptr, size, PROT_READ,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (map == MAP_FAILED) return false;
  const bool can = mlock2(map, size, MLOCK_ONFAULT) == 0;  // reads nothing in
  munmap(map, size);
  return can;
}

std::string FileNameFor(const std::string& model) {
  std::string name = model;
  for (char& c : name) {
    const bool is_plain = std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                          c == '-' || c == '.';
    if (!is_plain) c = '_';
  }
  return absl::StrCat(name, ".gguf");
}

}  // namespace warmup::demo
