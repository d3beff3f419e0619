#include "adapters/engines/files/model_files.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/limits.h"
#include "tests/adapters/engines/files/disk_files.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

namespace fs = std::filesystem;

// The names of the files found, without the folder before them.
std::vector<std::string> NamesOf(const TemporaryFolder& folder,
                                 const std::string& source) {
  const auto files = ResolveModelFiles(folder.Path(source));
  INFO(files.status().ToString());
  REQUIRE(files.ok());
  std::vector<std::string> names;
  for (const ModelFile& file : *files) {
    names.push_back(file.path.substr(folder.Path("").size()));
  }
  return names;
}

absl::Status ErrorOf(const std::string& source) {
  return ResolveModelFiles(source).status();
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("ModelFiles: a file is itself, with its size") {
  const TemporaryFolder folder;
  const std::string path = folder.Write("m.bin", "12345");
  const auto files = ResolveModelFiles(path);
  REQUIRE(files.ok());
  REQUIRE(files->size() == 1);
  CHECK((*files)[0].path == path);
  CHECK((*files)[0].stamp.size_bytes == 5);
  CHECK(TotalBytes(*files) == 5);
}

TEST_CASE("ModelFiles: any part of a split GGUF stands for all of them") {
  const TemporaryFolder folder;
  const Names all = {"m-00001-of-00003.gguf", "m-00002-of-00003.gguf",
                     "m-00003-of-00003.gguf"};
  for (const std::string& name : all) folder.Write(name, "x");
  folder.Write("m-00001-of-00002.gguf", "another model");
  CHECK(NamesOf(folder, all[0]) == all);
  CHECK(NamesOf(folder, all[2]) == all);
  fs::remove(folder.Path(all[1]));
  const absl::Status status = ErrorOf(folder.Path(all[0]));
  CHECK(status.code() == absl::StatusCode::kNotFound);
  CHECK_THAT(std::string(status.message()), Catch::Contains(all[1]));
}

TEST_CASE("ModelFiles: tells the names of parts from others") {
  const auto name = ParseShardName("/models/q-00002-of-00010.gguf");
  REQUIRE(name.has_value());
  CHECK(name->stem == "/models/q");
  CHECK(name->index == 2);
  CHECK(name->count == 10);
  CHECK(name->Path(7) == "/models/q-00007-of-00010.gguf");
  const std::string other = GENERATE(
      as<std::string>(), "", "/", "/m.gguf", "-00001-of-00002",
      "/m-00000-of-00002.gguf", "/m-00003-of-00002.gguf", "/m-1-of-2.gguf",
      "/m-0000x-of-00002.gguf", "/m_00001-of-00002.gguf",
      "/m-00001_of-00002.gguf", "/d-00001-of-00002.d/m",
      "/d-00001-of-00002/.gguf", "/00001-of-00002.gguf");
  CAPTURE(other);
  CHECK_FALSE(ParseShardName(other).has_value());
}

TEST_CASE("ModelFiles: a folder is all it holds, hidden entries apart") {
  const TemporaryFolder folder;
  folder.Write("m/config.json", "{}");
  folder.Write("m/a.safetensors", "a");
  folder.Write("m/1_Pooling/config.json", "{}");
  folder.Write("m/.cache/secret", "s");
  folder.Write("m/.hidden", "h");
  CHECK(NamesOf(folder, "m") ==
        Names{"m/1_Pooling/config.json", "m/a.safetensors", "m/config.json"});
}

TEST_CASE("ModelFiles: links are followed, what is reached twice counts once") {
  const TemporaryFolder folder;
  folder.Write("blobs/abc", "weights");
  folder.Link("m/a", "../blobs/abc");
  folder.Link("m/b", "../blobs/abc");
  folder.Link("m/up", "..");
  folder.Link("m/self", ".");
  const auto files = ResolveModelFiles(folder.Path("m"));
  REQUIRE(files.ok());
  CHECK(files->size() == 1);
  CHECK(TotalBytes(*files) == 7);
}

TEST_CASE("ModelFiles: a link to nothing is a file that is missing") {
  const TemporaryFolder folder;
  folder.Write("m/a", "a");
  folder.Link("m/b", "../blobs/none");
  const absl::Status status = ErrorOf(folder.Path("m"));
  CHECK(status.code() == absl::StatusCode::kNotFound);
  CHECK_THAT(std::string(status.message()), Catch::Contains("m/b"));
}

TEST_CASE("ModelFiles: a path that cannot be one is refused") {
  const std::string path = GENERATE(
      as<std::string>(), "", "relative", "./m",
      "/" + std::string(limits::kMaxPathBytes, 'x'), std::string("/a\0b", 4));
  CHECK(ErrorOf(path).code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("ModelFiles: what holds no bytes is no model") {
  const TemporaryFolder folder;
  CHECK(ErrorOf(folder.Path("none")).code() == absl::StatusCode::kNotFound);
  CHECK(GetErrorDetails(ErrorOf(folder.Write("empty", ""))).reason ==
        "MODEL_EMPTY");
  fs::create_directory(folder.Path("d"));
  CHECK(GetErrorDetails(ErrorOf(folder.Path("d"))).reason == "MODEL_EMPTY");
  REQUIRE(mkfifo(folder.Path("fifo").c_str(), 0600) == 0);
  CHECK(GetErrorDetails(ErrorOf(folder.Path("fifo"))).reason == "NOT_A_FILE");
  CHECK(ErrorOf(folder.Path("empty/below")).code() ==
        absl::StatusCode::kNotFound);
}

TEST_CASE("ModelFiles: depth, files and entries are bounded, and named") {
  const TemporaryFolder folder;
  const auto limit_of = [&](const std::string& source) {
    const absl::Status status = ErrorOf(folder.Path(source));
    CHECK(status.code() == absl::StatusCode::kResourceExhausted);
    return GetErrorDetails(status).metadata["limit"];
  };
  std::string deep = "deep";
  for (int i = 0; i <= kMaxFolderDepth; ++i) deep += "/d";
  folder.Write(deep + "/w", "w");
  CHECK(limit_of("deep") == "kMaxFolderDepth");

  fs::create_directory(folder.Path("many"));
  for (size_t i = 0; i <= kMaxFilesPerModel; ++i) {
    std::ofstream(folder.Path("many/f" + std::to_string(i)));
  }
  CHECK(limit_of("many") == "kMaxFilesPerModel");

  const std::string one = folder.Write("links/w", "w");
  for (size_t i = 0; i < kMaxFolderEntries; ++i) {
    // The same file again: it costs an entry and nothing more.
    fs::create_hard_link(one, folder.Path("links/" + std::to_string(i)));
  }
  CHECK(limit_of("links") == "kMaxFolderEntries");
}

TEST_CASE("ModelFiles: a name that claims too many parts is not believed") {
  const TemporaryFolder folder;
  const std::string path = folder.Write("m-00001-of-99999.gguf", "x");
  CHECK(GetErrorDetails(ErrorOf(path)).reason == "TOO_MANY_FILES");
}

}  // namespace warmup
