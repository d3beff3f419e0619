// What goes wrong with real files while the engine is at work.

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "adapters/engines/files/files_engine.h"
#include "core/base/error.h"
#include "tests/adapters/engines/files/disk_files.h"
#include "tests/adapters/engines/files/engine_fixture.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

namespace fs = std::filesystem;

// Another program that uses a file: its pages are in a page table.
class Reader {
 public:
  Reader(const std::string& path, int64_t bytes)
      : bytes_(static_cast<size_t>(bytes)) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    data_ = static_cast<const volatile char*>(
        mmap(nullptr, bytes_, PROT_READ, MAP_SHARED, fd, 0));
    close(fd);
    for (size_t i = 0; i < bytes_; i += 4'096) sum_ += data_[i];
  }
  ~Reader() { munmap(const_cast<char*>(data_), bytes_); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

 private:
  const size_t bytes_;
  const volatile char* data_ = nullptr;
  int sum_ = 0;
};

// Loads, with something done to the files once two steps are in memory.
absl::Status LoadWith(FilesEngine& engine, const ModelSpec& spec,
                      const std::function<void()>& fault) {
  bool is_done = false;
  TestControl control([&](int64_t done) {
    if (done >= 2 * kStep && !is_done) {
      is_done = true;
      fault();
    }
    return false;
  });
  const absl::Status status = engine.Load(spec, control).status();
  CHECK(is_done);
  return status;
}

}  // namespace

TEST_CASE("FilesEngine: a cancelled load stops at once and gives back") {
  const TemporaryFolder folder;
  const std::string path = folder.WriteWeights("m.bin", kWeights);
  FilesEngine engine(
      {.page_access = GENERATE(PageAccess::kFast, PageAccess::kPortable)});
  TestControl control([](int64_t done) { return done >= 2 * kStep; });
  const absl::Status status = engine.Load(Model("m", path), control).status();
  CHECK(absl::IsCancelled(status));
  CHECK(control.progress().back() == 2 * kStep);  // not a step further
  CHECK(InMemory(path) == 0);
  CHECK(engine.Measure(Model("m", path))->tier == Tier::kCold);
}

TEST_CASE("FilesEngine: a cancel gives back only what its load brought in") {
  const TemporaryFolder folder;
  const std::string path = folder.WriteWeights("m.bin", kWeights);
  MakeWarm(path, 0, kStep);
  REQUIRE(InMemory(path) == kStep);
  FilesEngine engine({});
  TestControl control([](int64_t done) { return done >= 3 * kStep; });
  CHECK(absl::IsCancelled(engine.Load(Model("m", path), control).status()));
  CHECK(HasAboutInMemory(path, kStep));
}

TEST_CASE(
    "FilesEngine: a load that is not wanted from the start reads nothing") {
  const TemporaryFolder folder;
  const std::string path = folder.WriteWeights("m.bin", kWeights);
  FilesEngine engine({});
  TestControl control([](int64_t) { return true; });
  CHECK(absl::IsCancelled(engine.Load(Model("m", path), control).status()));
  CHECK(control.progress() == std::vector<int64_t>{0});
  CHECK(InMemory(path) == 0);
}

TEST_CASE("FilesEngine: a cancel leaves another model's files alone") {
  const TemporaryFolder folder;
  const std::string shared = folder.WriteWeights("blobs/shared", 2 * kStep);
  const std::string own = folder.WriteWeights("b/z-own", kWeights);
  folder.Link("a/base", "../blobs/shared");
  folder.Link("b/base", "../blobs/shared");
  FilesEngine engine({});
  // Both bring in the same file at once; one of them is given up.
  TestControl control([&](int64_t done) {
    if (done == kStep) LoadOk(engine, Model("a", folder.Path("a")));
    return done >= 3 * kStep;
  });
  const absl::Status status =
      engine.Load(Model("b", folder.Path("b")), control).status();
  CHECK(absl::IsCancelled(status));
  CHECK(InMemory(own) == 0);
  CHECK(InMemory(shared) == 2 * kStep);
  CHECK(engine.Measure(Model("a", folder.Path("a")))->tier == Tier::kReady);
}

TEST_CASE("FilesEngine: a file that changes while it is read fails the load") {
  const TemporaryFolder folder;
  const std::string path = folder.WriteWeights("m.bin", kWeights);
  const std::string bystander = folder.WriteWeights("other.bin", kStep);
  FilesEngine engine(
      {.page_access = GENERATE(PageAccess::kFast, PageAccess::kPortable)});
  LoadOk(engine, Model("other", bystander));
  absl::StatusCode code = absl::StatusCode::kFailedPrecondition;
  std::string reason = "FILE_CHANGED";
  std::function<void()> fault;
  SECTION("it vanishes") {
    fault = [&] { fs::remove(path); };
    code = absl::StatusCode::kNotFound;
    reason = "FILE_NOT_FOUND";
  }
  SECTION("it shrinks to what was read") {
    fault = [&] { fs::resize_file(path, 2 * kStep); };
  }
  SECTION("it is emptied") {
    fault = [&] { fs::resize_file(path, 0); };
  }
  SECTION("it grows") {
    fault = [&] { fs::resize_file(path, kWeights + 1); };
  }
  SECTION("another takes its place") {
    fault = [&] { fs::rename(folder.WriteWeights("new", kWeights), path); };
  }
  SECTION("a folder takes its place") {
    fault = [&] {
      fs::remove(path);
      fs::create_directory(path);
    };
  }
  const ModelSpec spec = Model("m", path);
  const absl::Status status = LoadWith(engine, spec, fault);
  CHECK(status.code() == code);
  CHECK(GetErrorDetails(status).reason == reason);
  CHECK_THAT(std::string(status.message()),
             Catch::Contains("model \"m\"") && Catch::Contains(path));
  // Nothing of it stays, and nothing else is disturbed.
  // (Who changes a file's length brings in the page where it ended.)
  if (fs::is_regular_file(path)) CHECK(InMemory(path) < 4'096);
  CHECK(HasAboutInMemory(bystander, kStep));
  CHECK(CountHandles(path).mappings == 0);
  CHECK(engine.Unload(spec).ok());
}

TEST_CASE("FilesEngine: an earlier file that changes fails the load, too") {
  const TemporaryFolder folder;
  const std::string first = folder.WriteWeights("m/1", kStep);
  const std::string second = folder.WriteWeights("m/2", 2 * kStep);
  FilesEngine engine({});
  const ModelSpec spec = Model("m", folder.Path("m"));
  CHECK(GetErrorDetails(LoadWith(engine, spec, [&] {
          fs::resize_file(first, kStep / 2);
        })).reason == "FILE_CHANGED");
  CHECK(InMemory(first) == 0);
  CHECK(InMemory(second) == 0);
}

TEST_CASE("FilesEngine: a part that goes away after the look is told by name") {
  const TemporaryFolder folder;
  folder.WriteWeights("m/1", 2 * kStep);
  const std::string second = folder.WriteWeights("m/2", kStep);
  FilesEngine engine({});
  const absl::Status status = LoadWith(engine, Model("m", folder.Path("m")),
                                       [&] { fs::remove(second); });
  CHECK(absl::IsNotFound(status));
  CHECK_THAT(std::string(status.message()), Catch::Contains(second));
  CHECK(InMemory(folder.Path("m/1")) == 0);
}

TEST_CASE("FilesEngine: what cannot be loaded is told, whatever is asked") {
  const TemporaryFolder folder;
  fs::create_directory(folder.Path("empty"));
  FilesEngine engine({});
  const auto [source, code] =
      GENERATE(std::pair<std::string, absl::StatusCode>(
                   "none", absl::StatusCode::kNotFound),
               std::pair<std::string, absl::StatusCode>(
                   "empty", absl::StatusCode::kFailedPrecondition));
  const ModelSpec spec = Model("m", folder.Path(source));
  TestControl control;
  CHECK(engine.Load(spec, control).status().code() == code);
  CHECK(engine.Describe(spec).status().code() == code);
  CHECK(engine.Measure(spec).status().code() == code);
  CHECK(control.progress().empty());
  CHECK(engine.Load(Model("m", "relative"), control).status().code() ==
        absl::StatusCode::kInvalidArgument);
}

TEST_CASE("FilesEngine: a ready model whose file goes is cold, then unknown") {
  const TemporaryFolder folder;
  const std::string path = folder.WriteWeights("m.bin", kWeights);
  FilesEngine engine({});
  const ModelSpec spec = Model("m", path);
  LoadOk(engine, spec);
  fs::remove(path);
  const auto residency = engine.Measure(spec);
  REQUIRE(residency.ok());
  CHECK(residency->tier == Tier::kCold);
  CHECK(CountHandles(path).mappings == 0);
  CHECK(absl::IsNotFound(engine.Measure(spec).status()));
  CHECK(engine.Unload(spec).ok());
}

TEST_CASE("FilesEngine: a ready model that the kernel took back is not ready") {
  const TemporaryFolder folder;
  const std::string path = folder.WriteWeights("m.bin", kWeights);
  FilesEngine engine({});
  const ModelSpec spec = Model("m", path);
  LoadOk(engine, spec);
  MakeCold(path);
  CHECK(engine.Measure(spec)->tier == Tier::kCold);
  MakeWarm(path, 0, kStep);
  CHECK(engine.Measure(spec)->tier == Tier::kHost);
  CHECK(engine.Unload(spec).ok());
  CHECK(LoadOk(engine, spec).read_bytes == kWeights);
}

TEST_CASE("FilesEngine: memory that another program uses is said to stay") {
  const TemporaryFolder folder;
  const std::string path = folder.WriteWeights("m.bin", kWeights);
  FilesEngine engine({});
  const ModelSpec spec = Model("m", path);
  LoadOk(engine, spec);
  {
    const Reader reader(path, kWeights);
    const absl::Status status = engine.Unload(spec);
    CHECK(status.code() == absl::StatusCode::kFailedPrecondition);
    CHECK(GetErrorDetails(status).reason == "MEMORY_IN_USE");
    CHECK(GetErrorDetails(status).metadata.at("path") == path);
    CHECK(GetErrorDetails(status).metadata.at("resident_bytes") ==
          std::to_string(kWeights));
    CHECK(engine.Measure(spec)->tier == Tier::kReady);
  }
  CHECK(engine.Unload(spec).ok());
  CHECK(InMemory(path) == 0);
}

TEST_CASE(
    "FilesEngine: a part that another program uses does not keep it all") {
  const TemporaryFolder folder;
  const std::string path = folder.WriteWeights("m.bin", kWeights);
  FilesEngine engine({});
  LoadOk(engine, Model("m", path));
  const Reader reader(path, kStep);
  CHECK(engine.Unload(Model("m", path)).ok());
  CHECK(HasAboutInMemory(path, kStep));
  CHECK(engine.Measure(Model("m", path))->tier == Tier::kHost);
}

TEST_CASE("FilesEngine: with mlock beyond the limit nothing is read") {
  const TemporaryFolder folder;
  const std::string path = folder.WriteWeights("m.bin", kWeights);
  const int exit_code = InChild([&] {
    DropCapability(CAP_IPC_LOCK);
    const rlimit limit{.rlim_cur = 1 << 20, .rlim_max = 1 << 20};
    if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0) return 1;
    FilesEngine engine({.mlock = true});
    TestControl control;
    const absl::Status status = engine.Load(Model("m", path), control).status();
    if (GetErrorDetails(status).reason != "MEMLOCK_LIMIT") return 2;
    return InMemory(path) == 0 ? 0 : 3;
  });
  CHECK(exit_code == 0);
}

TEST_CASE("FilesEngine: of another owner's files it loads and says the truth") {
  const TemporaryFolder folder;
  const std::string path = folder.WriteWeights("m.bin", kWeights);
  if (chown(path.c_str(), 65'534, 65'534) != 0) {
    WARN("skipped: only root gives files away");
    return;
  }
  REQUIRE(chmod(path.c_str(), 0444) == 0);
  const int exit_code = InChild([&] {
    DropCapability(CAP_FOWNER);
    DropCapability(CAP_DAC_OVERRIDE);
    FilesEngine engine({});
    const ModelSpec spec = Model("m", path);
    TestControl control;
    const auto result = engine.Load(spec, control);
    if (!result.ok()) return 1;
    if (result->residency.resident_bytes != kWeights) return 2;
    if (engine.Measure(spec)->tier != Tier::kReady) return 3;
    if (!engine.Unload(spec).ok()) return 4;
    return engine.Measure(spec)->tier == Tier::kCold ? 0 : 5;
  });
  CHECK(exit_code == 0);
  CHECK(InMemory(path) == 0);
}

}  // namespace warmup
