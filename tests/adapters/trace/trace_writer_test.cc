#include "adapters/trace/trace_writer.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "adapters/trace/trace_file.h"
#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace warmup {
namespace {

namespace fs = std::filesystem;

std::string Bytes(const std::string& path) {
  std::ostringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  return bytes.str();
}

std::unique_ptr<TraceWriter> MustCreate(const std::string& path) {
  auto writer = TraceWriter::Create(path);
  INFO(writer.status().ToString());
  REQUIRE(writer.ok());
  return *std::move(writer);
}

size_t CountFiles(const TempFolder& folder) {
  return static_cast<size_t>(std::distance(
      fs::directory_iterator(folder.File("")), fs::directory_iterator()));
}

TEST_CASE("TraceWriter: what it writes is read again, compressed or not") {
  const TempFolder folder;
  for (const char* name : {"use.csv", "use.csv.zst"}) {
    const std::string path = folder.File(name);
    const auto writer = MustCreate(path);
    writer->Add({1'000'001, " a,\"b\"\nc ", "m:1b", 100, 2'500'000});
    constexpr int kRows = 20'000;  // more than is handed on at once
    for (int i = 0; i < kRows; ++i) {
      writer->Add({2'000'000 + i, "", "n" + std::to_string(i % 10)});
    }
    REQUIRE(writer->Finish().ok());
    const auto trace = ReadTrace(path);
    INFO(trace.status().ToString());
    REQUIRE(trace.ok());
    CHECK(trace->users == std::vector<std::string>{" a,\"b\" c ", ""});
    CHECK(trace->items.size() == 11);
    REQUIRE(trace->requests.size() == kRows + 1);
    CHECK(trace->requests.front().at == 1'000'001);
    CHECK(trace->requests.back().at == 2'000'000 + kRows - 1);
    REQUIRE(trace->costs.size() == 1);
    CHECK(trace->costs[0].size == 100);
    CHECK(trace->costs[0].load == 2'500'000);
  }
  CHECK(fs::file_size(folder.File("use.csv.zst")) * 10 <
        fs::file_size(folder.File("use.csv")));
}

TEST_CASE("TraceWriter: until it is whole, what was there stays") {
  const TempFolder folder;
  const std::string path = folder.File("use.csv");
  std::ofstream(path) << "old";
  {
    const auto writer = MustCreate(path);
    for (int i = 0; i < 50'000; ++i) writer->Add({i, "u", "m"});
    CHECK(Bytes(path) == "old");
  }
  CHECK(Bytes(path) == "old");
  CHECK(CountFiles(folder) == 1);
  const auto writer = MustCreate(path);
  writer->Add({0, "u", "m"});
  REQUIRE(writer->Finish().ok());
  CHECK(Bytes(path) == "time_s,user,item,size_mib,load_s\n0.000000,u,m,,\n");
  CHECK(CountFiles(folder) == 1);
}

TEST_CASE("TraceWriter: a link stays one, a device is written to") {
  const TempFolder folder;
  const std::string path = folder.File("use.csv");
  std::ofstream(path) << "old";
  fs::create_symlink(path, folder.File("link"));
  fs::create_symlink("/dev/null", folder.File("null"));
  for (const char* name : {"link", "null"}) {
    REQUIRE(MustCreate(folder.File(name))->Finish().ok());
    CHECK(fs::is_symlink(folder.File(name)));
  }
  CHECK(Bytes(path).starts_with("time_s,"));
  CHECK(fs::is_character_file("/dev/null"));
}

TEST_CASE("TraceWriter: where there can be no file it says so") {
  const TempFolder folder;
  const auto nowhere = TraceWriter::Create(folder.File("no/use.csv"));
  CHECK(absl::IsNotFound(nowhere.status()));
  CHECK(std::string(nowhere.status().message()) ==
        folder.File("no/use.csv") + ": No such file or directory");
  const auto full = MustCreate("/dev/full");
  full->Add({0, "u", "m"});
  CHECK(absl::IsResourceExhausted(full->Finish()));
}

}  // namespace
}  // namespace warmup
