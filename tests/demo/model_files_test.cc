#include "demo/model_files.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace warmup::demo {
namespace {

constexpr int64_t kSize = int64_t{9} << 20;

TEST_CASE("Model files: have the size asked for and tell of each step") {
  const TempFolder folder;
  const ModelFile file = {"org/model", folder.File("m.gguf"), kSize};
  int64_t told = 0;
  const absl::Status status = WriteModelFile(file, [&](int64_t bytes) {
    told += bytes;
    return true;
  });
  REQUIRE(status.ok());
  CHECK(std::filesystem::file_size(file.path) == kSize);
  CHECK(told <= kSize);
  CHECK(told > kSize / 2);
  std::string magic(4, ' ');
  std::ifstream(file.path).read(magic.data(), 4);
  CHECK(magic == "GGUF");
}

TEST_CASE("Model files: writing stops when it is told to") {
  const TempFolder folder;
  const ModelFile file = {"m", folder.File("m.gguf"), kSize};
  CHECK(absl::IsCancelled(WriteModelFile(file, [](int64_t) { return false; })));
}

TEST_CASE("Model files: an error names the file") {
  const ModelFile file = {"m", "/nonexistent/m.gguf", kSize};
  const absl::Status status =
      WriteModelFile(file, [](int64_t) { return true; });
  CHECK_THAT(std::string(status.message()),
             Catch::Contains("/nonexistent/m.gguf"));
  CHECK_FALSE(DropFromPageCache({file}).ok());
}

TEST_CASE("Model files: more than there can be is not locked") {
  CHECK(CanLock(4096));
  CHECK_FALSE(CanLock(int64_t{1} << 60));
}

TEST_CASE("Model files: a name that is a path becomes a file's name") {
  CHECK(FileNameFor("bedrock/us.claude-v1:0") == "bedrock_us.claude-v1_0.gguf");
}

}  // namespace
}  // namespace warmup::demo
