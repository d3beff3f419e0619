#include "tests/adapters/engines/files/disk_files.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <vector>

namespace warmup {
namespace {

namespace fs = std::filesystem;

// A descriptor that is closed.
class Descriptor {
 public:
  explicit Descriptor(const std::string& path)
      : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

}  // namespace

TemporaryFolder::TemporaryFolder()
    : folder_(fs::current_path()), path_(folder_.path()) {
  struct statfs info{};
  if (statfs(path_.c_str(), &info) != 0 || info.f_type == TMPFS_MAGIC) {
    throw std::runtime_error("run this test in a folder on a disk: " +
                             path_.string() + " would never be cold");
  }
}

std::string TemporaryFolder::Path(std::string_view name) const {
  return (path_ / name).string();
}

std::string TemporaryFolder::Write(std::string_view name,
                                   std::string_view bytes) const {
  const fs::path path = path_ / name;
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  const Descriptor file(path.string());
  if (fsync(file.get()) != 0)
    throw std::runtime_error("cannot write " + path.string());
  return path.string();
}

std::string TemporaryFolder::WriteWeights(std::string_view name,
                                          int64_t bytes) const {
  std::string path = Write(name, std::string(static_cast<size_t>(bytes), 'w'));
  MakeCold(path);
  return path;
}

void TemporaryFolder::Link(std::string_view from, std::string_view to) const {
  const fs::path path = path_ / from;
  fs::create_directories(path.parent_path());
  fs::create_symlink(fs::path(to), path);
}

void MakeCold(const std::string& path) {
  const Descriptor file(path);
  // Pages that another processor still has in a batch go at the next try.
  for (int attempt = 0; attempt < 100; ++attempt) {
    fdatasync(file.get());
    posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED);
    if (InMemory(path) == 0) return;
  }
  throw std::runtime_error(path + " does not become cold");
}

void MakeWarm(const std::string& path, int64_t offset, int64_t length) {
  const Descriptor file(path);
  // No reading ahead: these bytes, no others.
  posix_fadvise(file.get(), 0, 0, POSIX_FADV_RANDOM);
  std::vector<char> bytes(static_cast<size_t>(length));
  if (pread(file.get(), bytes.data(), bytes.size(), offset) != length) {
    throw std::runtime_error("cannot read " + path);
  }
}

int64_t InMemory(const std::string& path) {
  const Descriptor file(path);
  struct stat info{};
  if (file.get() < 0 || fstat(file.get(), &info) != 0 || info.st_size == 0) {
    return 0;
  }
  const auto size = static_cast<size_t>(info.st_size);
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  void* data = mmap(nullptr, size, PROT_READ, MAP_SHARED, file.get(), 0);
  std::vector<unsigned char> states((size + page - 1) / page);
  if (data == MAP_FAILED || mincore(data, size, states.data()) != 0) {
    throw std::runtime_error("cannot look at " + path);
  }
  munmap(data, size);
  size_t bytes = 0;
  for (size_t i = 0; i < states.size(); ++i) {
    if ((states[i] & 1U) != 0) bytes += std::min(page, size - i * page);
  }
  return static_cast<int64_t>(bytes);
}

bool HasAboutInMemory(const std::string& path, int64_t bytes) {
  constexpr int64_t kBatches = 64 << 10;
  const int64_t found = InMemory(path);
  return found >= bytes - kBatches && found <= bytes + kBatches;
}

Handles CountHandles(std::string_view path_part) {
  Handles handles;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    static_cast<void>(entry);
    ++handles.descriptors;
  }
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find(path_part) != std::string::npos) ++handles.mappings;
  }
  return handles;
}

int InChild(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) {
    return -1;
  }
  return WEXITSTATUS(status);
}

void DropCapability(int capability) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  if (syscall(SYS_capget, &header, data) != 0) std::abort();
  const uint32_t bit = 1U << (capability % 32);
  data[capability / 32].effective &= ~bit;
  if (syscall(SYS_capset, &header, data) != 0) std::abort();
}

}  // namespace warmup
