#include "adapters/engines/files/cached_file.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "core/base/error.h"
#include "tests/adapters/engines/files/disk_files.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMiB = int64_t{1} << 20;
constexpr int64_t kStep = CachedFile::kStepBytes;
// Two steps and a part of one, which ends within a page.
constexpr int64_t kSize = 2 * kStep + kMiB + 123;

CachedFile MustOpen(const std::string& path, PageAccess access) {
  auto file = CachedFile::Open(path, access);
  INFO(file.status().ToString());
  REQUIRE(file.ok());
  return *std::move(file);
}

void MustRead(CachedFile& file) {
  for (int64_t at = 0; at < file.size_bytes(); at += kStep) {
    const absl::Status status = file.ReadStep(at);
    INFO(status.ToString());
    REQUIRE(status.ok());
  }
}

std::string ReasonOf(const absl::Status& status) {
  return GetErrorDetails(status).reason;
}

// The memory of this process that files' pages take, in bytes.
int64_t FileMemory() {
  std::ifstream statm("/proc/self/statm");
  int64_t size = 0;
  int64_t resident = 0;
  int64_t shared = 0;
  statm >> size >> resident >> shared;
  return shared * sysconf(_SC_PAGESIZE);
}

PageAccess AnyAccess() {
  return GENERATE(PageAccess::kFast, PageAccess::kPortable);
}

}  // namespace

TEST_CASE("CachedFile: what is read is in memory, and counted to the byte") {
  const TemporaryFolder folder;
  const std::string path = folder.WriteWeights("w", kSize);
  CachedFile file = MustOpen(path, AnyAccess());
  CHECK(*file.ResidentBytes() == 0);
  MustRead(file);
  CHECK(InMemory(path) == kSize);
  CHECK(*file.ResidentBytes() == kSize);
  CHECK(*file.ResidentInStep(0) == kStep);
  CHECK(*file.ResidentInStep(2 * kStep) == kMiB + 123);
  CHECK(*file.ResidentInStep(3 * kStep) == 0);
}

TEST_CASE("CachedFile: sees what others brought in, page by page") {
  const TemporaryFolder folder;
  const std::string path = folder.WriteWeights("w", kSize);
  MakeWarm(path, kStep, 65'536);
  MakeWarm(path, kSize - 10, 10);
  const CachedFile file = MustOpen(path, AnyAccess());
  CHECK(*file.ResidentBytes() == InMemory(path));
  CHECK(*file.ResidentInStep(0) == 0);
  CHECK(*file.ResidentInStep(kStep) >= 65'536);
  CHECK(*file.ResidentInStep(kStep) < kStep);
  CHECK(*file.ResidentInStep(2 * kStep) > 0);
}

TEST_CASE("CachedFile: offsets beyond 4 GiB are what they are") {
  const TemporaryFolder folder;
  const std::string path = folder.Write("sparse", "");
  constexpr int64_t kHuge = int64_t{5} * 1024 * kMiB + 4'097;
  constexpr int64_t kAt = 4'098 * kMiB;
  fs::resize_file(path, kHuge);
  CachedFile file = MustOpen(path, AnyAccess());
  CHECK(file.size_bytes() == kHuge);
  REQUIRE(file.ReadStep(kAt).ok());
  CHECK(*file.ResidentInStep(kAt) == kStep);
  CHECK(*file.ResidentInStep(kAt - (int64_t{1} << 32)) == 0);
  REQUIRE(file.ReadStep(kHuge - 4'097).ok());
  CHECK(*file.ResidentInStep(kHuge - 4'097) == 4'097);
  // The kernel may have read ahead, but no more than a few steps.
  CHECK(*file.ResidentBytes() >= kStep + 4'097);
  CHECK(*file.ResidentBytes() < 8 * kStep);
  file.GiveBack({});
  CHECK(*file.ResidentBytes() == 0);
}

TEST_CASE("CachedFile: gives back all but the steps to keep") {
  const TemporaryFolder folder;
  const std::string path = folder.WriteWeights("w", kSize);
  CachedFile file = MustOpen(path, AnyAccess());
  MustRead(file);
  file.GiveBack({false, true});
  CHECK(*file.ResidentInStep(0) == 0);
  CHECK(*file.ResidentInStep(kStep) == kStep);
  CHECK(*file.ResidentInStep(2 * kStep) == 0);
  CHECK(InMemory(path) == kStep);
}

TEST_CASE("CachedFile: gives back without its descriptor, but only its own") {
  const TemporaryFolder folder;
  const std::string path = folder.WriteWeights("w", kSize);
  CachedFile file = MustOpen(path, PageAccess::kFast);
  MustRead(file);
  file.CloseDescriptor();
  SECTION("the file is where it was") {
    file.GiveBack({});
    CHECK(InMemory(path) == 0);
  }
  SECTION("another one took its place") {
    const std::string other = folder.Write("other", std::string(kSize, 'o'));
    fs::rename(other, path);
    file.GiveBack({});
    CHECK(InMemory(path) == kSize);
  }
  SECTION("it is gone") {
    fs::remove(path);
    file.GiveBack({});
    CHECK(InMemory(path) == 0);
  }
}

TEST_CASE("CachedFile: a file that shrinks is an error, never a signal") {
  const TemporaryFolder folder;
  const std::string path = folder.WriteWeights("w", kSize);
  CachedFile file = MustOpen(path, AnyAccess());
  REQUIRE(file.ReadStep(0).ok());
  fs::resize_file(path, kMiB);
  const absl::Status status = file.ReadStep(kStep);
  CHECK(status.code() == absl::StatusCode::kFailedPrecondition);
  CHECK(ReasonOf(status) == "FILE_CHANGED");
  CHECK_THAT(std::string(status.message()),
             Catch::Contains(path) && Catch::Contains("shrank from"));
  CHECK(*file.ResidentBytes() <= kMiB);
}

TEST_CASE("CachedFile: tells how the file changed") {
  const TemporaryFolder folder;
  const std::string path = folder.WriteWeights("w", kMiB);
  const CachedFile file = MustOpen(path, PageAccess::kFast);
  CHECK(file.CheckUnchanged().ok());
  std::string what;
  absl::StatusCode code = absl::StatusCode::kFailedPrecondition;
  SECTION("longer") {
    fs::resize_file(path, 2 * kMiB);
    what = "grew from";
  }
  SECTION("shorter") {
    fs::resize_file(path, 1);
    what = "shrank from";
  }
  SECTION("written") {
    fs::last_write_time(
        path, fs::file_time_type::clock::now() - std::chrono::hours(1));
    what = "was written to";
  }
  SECTION("replaced") {
    fs::rename(folder.Write("other", std::string(kMiB, 'o')), path);
    what = "was replaced";
  }
  SECTION("gone") {
    fs::remove(path);
    what = "No such file";
    code = absl::StatusCode::kNotFound;
  }
  const absl::Status status = file.CheckUnchanged();
  CHECK(status.code() == code);
  CHECK_THAT(std::string(status.message()),
             Catch::Contains(path) && Catch::Contains(what));
}

TEST_CASE("CachedFile: refuses what is no file, without waiting for it") {
  const TemporaryFolder folder;
  const auto open = [](const std::string& path) {
    return CachedFile::Open(path, PageAccess::kFast).status();
  };
  const std::string fifo = folder.Path("fifo");
  REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
  CHECK(ReasonOf(open(fifo)) == "NOT_A_FILE");
  CHECK(ReasonOf(open("/dev/zero")) == "NOT_A_FILE");
  CHECK(ReasonOf(open(folder.Path(""))) == "NOT_A_FILE");
  CHECK(open(folder.Path("nobody")).code() == absl::StatusCode::kNotFound);
  folder.Link("loop", "loop");
  CHECK(ReasonOf(open(folder.Path("loop"))) == "FILE_UNREADABLE");
  CHECK(ReasonOf(open(folder.Path(std::string(300, 'x')))) ==
        "FILE_UNREADABLE");
}

TEST_CASE("CachedFile: an empty file is empty") {
  const TemporaryFolder folder;
  CachedFile file = MustOpen(folder.Write("e", ""), AnyAccess());
  CHECK(file.ReadStep(0).ok());
  CHECK(*file.ResidentBytes() == 0);
  CHECK(file.Lock().ok());
  file.GiveBack({});
}

TEST_CASE("CachedFile: leaves no descriptor and no mapping behind") {
  const TemporaryFolder folder;
  const std::string path = folder.WriteWeights("w", kMiB);
  const Handles before = CountHandles(path);
  {
    CachedFile a = MustOpen(path, PageAccess::kFast);
    CachedFile b = std::move(a);
    CachedFile c = MustOpen(path, PageAccess::kFast);
    c = std::move(b);
    CHECK(c.size_bytes() == kMiB);
    MustRead(c);
    CHECK(CountHandles(path).mappings >= 1);
    CHECK_FALSE(CachedFile::Open("/dev/null", PageAccess::kFast).ok());
  }
  CHECK(CountHandles(path) == before);
}

TEST_CASE("CachedFile: what is warm does not count as our own memory") {
  const TemporaryFolder folder;
  const std::string path = folder.WriteWeights("w", 32 * kMiB);
  CachedFile file = MustOpen(path, PageAccess::kFast);
  const int64_t before = FileMemory();
  MustRead(file);
  CHECK(*file.ResidentBytes() == 32 * kMiB);
  CHECK(FileMemory() - before < 4 * kMiB);
}

TEST_CASE("CachedFile: locked pages stay until they are given back") {
  const TemporaryFolder folder;
  const std::string path = folder.WriteWeights("w", kSize);
  CachedFile file = MustOpen(path, AnyAccess());
  const absl::Status locked = file.Lock();
  if (!locked.ok()) {
    WARN("skipped: " << locked);
    return;
  }
  MustRead(file);
  CHECK_THROWS(MakeCold(path));
  CHECK(InMemory(path) == kSize);
  file.GiveBack({});
  CHECK(InMemory(path) == 0);
}

TEST_CASE("CachedFile: beyond the limit of locked memory the limit is named") {
  const TemporaryFolder folder;
  const std::string path = folder.WriteWeights("w", kSize);
  const int exit_code = InChild([&] {
    DropCapability(CAP_IPC_LOCK);
    const rlimit limit{.rlim_cur = kMiB, .rlim_max = kMiB};
    if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0) return 1;
    auto file = CachedFile::Open(path, PageAccess::kFast);
    if (!file.ok()) return 2;
    const absl::Status status = file->Lock();
    const ErrorDetails details = GetErrorDetails(status);
    if (!absl::IsResourceExhausted(status)) return 3;
    if (details.reason != "MEMLOCK_LIMIT") return 4;
    if (details.metadata.at("limit_bytes") != "1048576") return 5;
    return InMemory(path) == 0 ? 0 : 6;  // nothing was read for it
  });
  CHECK(exit_code == 0);
}

TEST_CASE("CachedFile: of another owner's file it claims what it read itself") {
  const TemporaryFolder folder;
  const std::string path = folder.WriteWeights("w", kSize);
  if (chown(path.c_str(), 65'534, 65'534) != 0) {
    WARN("skipped: only root gives files away");
    return;
  }
  REQUIRE(chmod(path.c_str(), 0444) == 0);
  MakeWarm(path, 0, kStep);
  const PageAccess access = AnyAccess();
  const int exit_code = InChild([&] {
    DropCapability(CAP_FOWNER);
    DropCapability(CAP_DAC_OVERRIDE);
    auto file = CachedFile::Open(path, access);
    if (!file.ok()) return 1;
    if (file->is_residency_visible()) return 2;
    if (*file->ResidentBytes() != 0) return 3;
    if (!file->ReadStep(0).ok()) return 4;
    if (*file->ResidentBytes() < kStep) return 5;
    if (!file->ReadStep(2 * kStep).ok()) return 6;
    if (*file->ResidentInStep(2 * kStep) != kMiB + 123) return 7;
    file->GiveBack({});
    return *file->ResidentBytes() == 0 ? 0 : 8;
  });
  CHECK(exit_code == 0);
  CHECK(InMemory(path) == 0);
}

}  // namespace warmup
