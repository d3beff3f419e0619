#include "adapters/trace/trace_bytes.h"

#include "tests/adapters/trace/zstd_text.h"
#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace warmup {
namespace {

// All of it, in pieces of `step` bytes.
std::string Read(TraceBytes& bytes, size_t step) {
  std::string all;
  std::string piece(step, '\0');
  for (;;) {
    const size_t count = bytes.Read(piece.data(), step);
    all.append(piece, 0, count);
    if (count < step) return all;
  }
}

std::string ReadFile(const std::string& bytes, size_t step) {
  const TempFolder folder;
  WriteBytes(folder.File("f"), bytes);
  auto source = TraceBytes::Open(folder.File("f"));
  REQUIRE(source.ok());
  const std::string text = Read(**source, step);
  CHECK((*source)->status().ok());
  char more = 0;
  CHECK((*source)->Read(&more, 1) == 0);  // and it stays at its end
  return text;
}

TEST_CASE("TraceBytes: reads in any pieces, compressed or not") {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i) + "\n";
  for (const size_t step : {size_t{1'000}, text.size() - 1, text.size(),
                            text.size() + 1, 2 * text.size()}) {
    CAPTURE(step);
    CHECK((ReadFile(text, step) == text));
    CHECK((ReadFile(Compressed(text), step) == text));
  }
}

TEST_CASE("TraceBytes: several compressed frames are one file") {
  const std::string two = Compressed("one\n") + Compressed("two\n");
  CHECK(ReadFile(two, 3) == "one\ntwo\n");
  CHECK(ReadFile(two, 100) == "one\ntwo\n");
}

TEST_CASE("TraceBytes: the last byte is a line's end, an empty file is empty") {
  for (const size_t step : {size_t{1}, size_t{3}, size_t{4}, size_t{100}}) {
    CAPTURE(step);
    CHECK(ReadFile("abc", step) == "abc\n");
    CHECK(ReadFile(Compressed("abc"), step) == "abc\n");
  }
  CHECK(ReadFile("", 10).empty());
  CHECK(ReadFile(Compressed(""), 10).empty());
}

TEST_CASE("TraceBytes: what is damaged or cut says so, with the file's name") {
  const TempFolder folder;
  const std::string path = folder.File("f.zst");
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i * 7'919) + "\n";
  const std::string good = Compressed(text);
  const auto error = [&](const std::string& bytes) {
    WriteBytes(path, bytes);
    auto source = TraceBytes::Open(path);
    REQUIRE(source.ok());
    Read(**source, 10'000);
    CHECK((*source)->status().code() == absl::StatusCode::kDataLoss);
    return std::string((*source)->status().message());
  };
  for (const size_t size :
       {size_t{4}, size_t{5}, good.size() / 2, good.size() - 1}) {
    CAPTURE(size);
    CHECK(error(good.substr(0, size)) == path + ": it ends in the middle");
  }
  CHECK(error(good.substr(0, 4) + std::string(100, 'x')).find(path + ": ") ==
        0);
  CHECK(error(good + "junk").find(path + ": ") == 0);
}

TEST_CASE("TraceBytes: a file that is not there, or none, is told") {
  const TempFolder folder;
  const auto missing = TraceBytes::Open(folder.File("none")).status();
  CHECK(missing.code() == absl::StatusCode::kNotFound);
  CHECK(missing.message() ==
        folder.File("none") + ": No such file or directory");
  auto directory = TraceBytes::Open(folder.path());
  REQUIRE(directory.ok());
  CHECK((*directory)->status().message() == folder.path() + ": Is a directory");
}

}  // namespace
}  // namespace warmup
