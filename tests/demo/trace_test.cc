#include "demo/trace.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "tests/support/catch.h"

namespace warmup::demo {
namespace {

class TraceFile {
 public:
  explicit TraceFile(const std::string& text) {
    char name[] = "/tmp/warmup-trace-XXXXXX";
    const int fd = mkstemp(name);
    path_ = name;
    close(fd);
    std::ofstream(path_) << text;
  }
  ~TraceFile() { std::remove(path_.c_str()); }
  TraceFile(const TraceFile&) = delete;
  TraceFile& operator=(const TraceFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST_CASE("Trace: short gaps are divided by 20, long ones keep their order") {
  CHECK(Shorten(absl::Seconds(1)) == absl::Milliseconds(50));
  CHECK(Shorten(absl::Seconds(4)) == absl::Milliseconds(200));
  CHECK(Shorten(absl::Seconds(5)) > Shorten(absl::Seconds(4)));
  CHECK(Shorten(absl::Hours(10)) > Shorten(absl::Hours(9)));
  CHECK(Shorten(absl::Hours(10)) < absl::Milliseconds(500));
}

TEST_CASE("Trace: the shipped stretch is what its README says") {
  const auto trace = ReadTrace(WARMUP_DEMO_TRACE);
  REQUIRE(trace.ok());
  CHECK(trace->requests == 100);
  CHECK(trace->models.size() == 9);
  CHECK(trace->steps.size() == 253);
  CHECK(trace->shortened_length < absl::Seconds(60));
  int64_t bytes = 0;
  for (const std::string& model : trace->models) {
    const int64_t size = ModelSizeBytes(model);
    CHECK(size >= int64_t{50} << 20);
    CHECK(size <= int64_t{400} << 20);
    bytes += size;
  }
  CHECK(bytes == int64_t{2370} << 20);
}

TEST_CASE("Trace: a damaged line is refused with its number") {
  const std::string head = "time_s,kind,item\n10,request,a\n";
  for (const char* line : {"x,request,a", "11,request", "11,usage,a",
                           "9,request,a", "11,request,"}) {
    const TraceFile file(head + line + "\n");
    const auto trace = ReadTrace(file.path());
    REQUIRE_FALSE(trace.ok());
    CHECK_THAT(std::string(trace.status().message()), Catch::Contains(":3:"));
  }
  CHECK_FALSE(ReadTrace("/nonexistent").ok());
  CHECK_FALSE(ReadTrace(TraceFile("time_s,kind,item\n").path()).ok());
}

}  // namespace
}  // namespace warmup::demo
