// Bringing a cold 2 GB file into memory: warmupd's engine `files` beside the
// ways there are to read a file, in turn.
//
//   bench_warm [folder]   the file is made there, on a real disk

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "adapters/engines/files/files_engine.h"
#include "bench/support/page_cache.h"
#include "bench/support/process.h"
#include "bench/support/stats.h"
#include "bench/support/table.h"

namespace warmup::bench {
namespace {

constexpr int64_t kFileBytes = int64_t{2} << 30;
constexpr int64_t kStepBytes = int64_t{2} << 20;
constexpr int64_t kPageBytes = 4096;
constexpr int kRounds = 10;

void Must(bool is_ok, const std::string& what) {
  if (!is_ok) Fail(absl::StrCat(what, ": ", std::strerror(errno)));
}

// A file mapped for reading.
class Mapping {
 public:
  explicit Mapping(const std::string& path)
      : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    Must(fd_ >= 0, path);
    void* data = mmap(nullptr, kFileBytes, PROT_READ, MAP_SHARED, fd_, 0);
    Must(data != MAP_FAILED, "mmap");
    data_ = static_cast<char*>(data);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    munmap(data_, kFileBytes);
    close(fd_);
  }
  char* data() const { return data_; }

 private:
  const int fd_;
  char* data_ = nullptr;
};

void WriteRandom(const std::string& path) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  Must(fd >= 0, path);
  std::mt19937_64 random(1);
  std::vector<uint64_t> block(1 << 17);
  for (int64_t done = 0; done < kFileBytes;) {
    for (uint64_t& word : block) word = random();
    const ssize_t wrote = write(fd, block.data(), block.size() * 8);
    Must(wrote > 0, "write");
    done += wrote;
  }
  Must(fsync(fd) == 0, "fsync");
  close(fd);
}

void MakeCold(const std::string& path) {
  const int64_t stays = DropFromPageCache(path);
  if (stays > 0) {
    Fail(absl::StrCat(stays, " bytes of ", path, " stay in memory"));
  }
}

void ReadWithDd(const std::string& path) {
  const std::string input = "if=" + path;
  const pid_t pid = fork();
  if (pid == 0) {
    execlp("dd", "dd", input.c_str(), "of=/dev/null", "bs=4M", "iflag=direct",
           "status=none", nullptr);
    _exit(127);
  }
  int status = 0;
  Must(waitpid(pid, &status, 0) == pid && status == 0, "dd");
}

// What vmtouch -t does.
void TouchPages(const std::string& path) {
  const Mapping mapping(path);
  volatile char sink = 0;
  for (int64_t at = 0; at < kFileBytes; at += kPageBytes) {
    sink = mapping.data()[at];
  }
  static_cast<void>(sink);
}

void Populate(const std::string& path) {
  const Mapping mapping(path);
  for (int64_t at = 0; at < kFileBytes; at += kStepBytes) {
    Must(madvise(mapping.data() + at, kStepBytes, MADV_POPULATE_READ) == 0,
         "MADV_POPULATE_READ");
  }
}

void ReadBlocks(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  Must(fd >= 0, path);
  std::vector<char> block(1 << 20);
  ssize_t got = 0;
  while ((got = read(fd, block.data(), block.size())) > 0) {
  }
  Must(got == 0, "read");
  close(fd);
}

class NeverCancelled final : public LoadControl {
 public:
  bool IsCancelled() const override { return false; }
  void ReportProgress(int64_t, int64_t) override {}
};

struct Reader {
  std::string name;
  std::function<void()> read;
  std::vector<double> gb_per_s{};
};

void Run(const std::string& folder) {
  const std::string path = folder + "/warmup-bench-weights.bin";
  Say(absl::StrCat("a file of 2 GiB in ", folder, ", cold by fadvise(DONTNEED)",
                   " and checked by mincore"));
  WriteRandom(path);
  FilesEngine engine(FilesEngine::Options{});
  ModelSpec spec{.id = "bench", .engine = "files", .source = path};
  const auto described = engine.Describe(spec);
  if (!described.ok()) Fail(described.status().ToString());
  NeverCancelled control;

  std::vector<Reader> readers = {
      {"dd, O_DIRECT, 4 MiB (leaves it cold)", [&] { ReadWithDd(path); }},
      {"touching each page, as vmtouch", [&] { TouchPages(path); }},
      {"MADV_POPULATE_READ, 2 MiB", [&] { Populate(path); }},
      {"read(), 1 MiB", [&] { ReadBlocks(path); }},
      {"engine files", [&] {
         const auto result = engine.Load(*described, control);
         if (!result.ok()) Fail(result.status().ToString());
         if (result->residency.tier != Tier::kReady) {
           Fail("the engine left it cold");
         }
       }}};
  for (int round = 0; round < kRounds; ++round) {
    for (size_t turn = 0; turn < readers.size(); ++turn) {
      // Each one comes in each place: memory that has just been freed is
      // faster to fill than what the host of a virtual machine took back.
      Reader& reader = readers[(turn + round) % readers.size()];
      MakeCold(path);
      const double start = MonotonicSeconds();
      reader.read();
      reader.gb_per_s.push_back(kFileBytes / 1e9 /
                                (MonotonicSeconds() - start));
      // Its mapping goes, or the pages stay.
      const absl::Status unloaded = engine.Unload(*described);
      if (!unloaded.ok()) Fail(unloaded.ToString());
    }
  }
  unlink(path.c_str());

  const double ours = Median(readers.back().gb_per_s);
  readers.pop_back();
  const auto fastest = std::max_element(
      readers.begin(), readers.end(), [](const Reader& a, const Reader& b) {
        return Median(a.gb_per_s) < Median(b.gb_per_s);
      });
  for (const Reader& reader : readers) {
    Print({.what = "warming a cold 2 GiB file; bare: " + reader.name,
           .unit = "GB/s",
           .ours = ours,
           .bare = Median(reader.gb_per_s),
           .aim = &reader == &*fastest ? Aim{Aim::Kind::kRatioAtLeast, 0.9}
                                       : Aim{}});
  }
}

}  // namespace
}  // namespace warmup::bench

int main(int argc, char** argv) {
  warmup::bench::Run(argc > 1 ? argv[1] : warmup::bench::BuildFolder(argv[0]));
}
