#include "demo/temporary_folder.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace warmup::demo {
namespace {

constexpr char kOnDisk[] = "/var/tmp";  // /tmp may be memory

TEST_CASE("Temporary folder: goes with all that is in it") {
  const TempFolder base(kOnDisk);
  std::string path;
  {
    const auto folder = TemporaryFolder::Make(base.path());
    REQUIRE(folder.ok());
    path = (*folder)->path();
    CHECK(path.rfind(base.path(), 0) == 0);
    std::filesystem::create_directories(path + "/1");
    std::ofstream(path + "/1/file") << "text";
  }
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("Temporary folder: says where it cannot be made") {
  const auto folder = TemporaryFolder::Make("/nonexistent");
  CHECK_THAT(std::string(folder.status().message()),
             Catch::Contains("/nonexistent"));
}

TEST_CASE("Temporary folder: none in memory") {
  const auto folder = TemporaryFolder::Make("/dev/shm");
  CHECK(absl::IsFailedPrecondition(folder.status()));
}

TEST_CASE("Temporary folder: says how much room it lacks") {
  const TempFolder base(kOnDisk);
  const auto folder = TemporaryFolder::Make(base.path());
  REQUIRE(folder.ok());
  CHECK((*folder)->CheckRoomFor(1).ok());
  const absl::Status status = (*folder)->CheckRoomFor(int64_t{1} << 60);
  CHECK(absl::IsResourceExhausted(status));
  CHECK_THAT(std::string(status.message()), Catch::Contains("--folder"));
}

}  // namespace
}  // namespace warmup::demo
