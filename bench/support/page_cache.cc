#include "bench/support/page_cache.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/support/table.h"

namespace warmup::bench {
namespace {

void Must(bool is_ok, const std::string& what) {
  if (!is_ok) Fail(absl::StrCat(what, ": ", std::strerror(errno)));
}

}  // namespace

int64_t DropFromPageCache(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  Must(fd >= 0, path);
  struct stat info;
  Must(fstat(fd, &info) == 0, path);
  const auto size = static_cast<size_t>(info.st_size);
  // What is not written yet would stay.
  Must(fdatasync(fd) == 0, "fdatasync");
  Must(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0, "fadvise");
  void* data = mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
  Must(data != MAP_FAILED, "mmap");
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> pages((size + page - 1) / page);
  Must(mincore(data, size, pages.data()) == 0, "mincore");
  munmap(data, size);
  close(fd);
  return static_cast<int64_t>(page) *
         std::count_if(pages.begin(), pages.end(),
                       [](unsigned char bits) { return (bits & 1) != 0; });
}

void ReadIntoPageCache(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  Must(fd >= 0, path);
  std::vector<char> block(size_t{1} << 20);
  ssize_t got = 0;
  while ((got = read(fd, block.data(), block.size())) > 0) {
  }
  Must(got == 0, path);
  close(fd);
}

}  // namespace warmup::bench
