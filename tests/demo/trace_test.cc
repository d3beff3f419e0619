#include "demo/trace.h"

#include <fstream>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace warmup::demo {
namespace {

absl::StatusOr<Trace> Read(const std::string& text) {
  const TempFolder folder;
  std::ofstream(folder.File("trace.csv")) << text;
  return ReadTrace(folder.File("trace.csv"));
}

TEST_CASE("Trace: short times are divided by 20, long ones keep their order") {
  CHECK(Shorten(absl::Seconds(1)) == absl::Milliseconds(50));
  CHECK(Shorten(absl::Seconds(10)) == absl::Milliseconds(500));
  CHECK(Shorten(absl::Seconds(11)) > Shorten(absl::Seconds(10)));
  CHECK(Shorten(absl::Hours(10)) > Shorten(absl::Hours(9)));
  CHECK(Shorten(absl::Hours(10)) < absl::Seconds(1));
}

TEST_CASE("Trace: what happens between two requests keeps its lead") {
  const auto trace = Read(
      "time_s,kind,item\n"
      "100,request,a\n"
      "120,session,b\n"
      "3696,activity,command_add\n"
      "3698,session,c\n"
      "3700,request,c\n");
  REQUIRE(trace.ok());
  const auto& steps = trace->steps;
  // 2 s and 4 s before the request become 0.1 s and 0.2 s.
  CHECK(steps[4].gap == absl::Milliseconds(100));
  CHECK(steps[3].gap == absl::Milliseconds(100));
  absl::Duration sum;
  for (const Step& step : steps) {
    CHECK(step.gap >= absl::ZeroDuration());
    sum += step.gap;
  }
  CHECK(sum == Shorten(absl::Hours(1)));
  CHECK(trace->shortened_length == sum);
}

TEST_CASE("Trace: what comes after the last request is kept") {
  const auto trace = Read("time_s,kind,item\n1,request,a\n5,session,b\n");
  REQUIRE(trace.ok());
  CHECK(trace->steps.back().gap == absl::Milliseconds(200));
  CHECK(trace->models == std::vector<std::string>{"a", "b"});
}

TEST_CASE("Trace: its first requests alone are a trace") {
  auto trace = Read(
      "time_s,kind,item\n1,session,a\n2,request,a\n3,request,b\n"
      "4,session,c\n5,request,c\n");
  REQUIRE(trace.ok());
  KeepFirst(2, &*trace);
  CHECK(trace->requests == 2);
  CHECK(trace->steps.size() == 3);
  CHECK(trace->models == std::vector<std::string>{"a", "b"});
  CHECK(trace->recorded_length == absl::Seconds(2));
  CHECK(trace->shortened_length == absl::Milliseconds(100));
  KeepFirst(7, &*trace);
  CHECK(trace->requests == 2);
}

TEST_CASE("Trace: the shipped stretch is what its README says") {
  const auto trace = ReadTrace(WARMUP_DEMO_TRACE);
  REQUIRE(trace.ok());
  CHECK(trace->requests == 100);
  CHECK(trace->models.size() == 7);
  CHECK(trace->steps.size() == 211);
  CHECK(trace->shortened_length > absl::Seconds(50));
  CHECK(trace->shortened_length < absl::Seconds(65));
  int64_t bytes = 0;
  for (const std::string& model : trace->models) {
    const int64_t size = ModelSizeBytes(model);
    CHECK(size >= int64_t{50} << 20);
    CHECK(size <= int64_t{400} << 20);
    bytes += size;
  }
  CHECK(bytes == int64_t{1575} << 20);
}

TEST_CASE("Trace: a damaged line is refused with its number") {
  const std::string head = "time_s,kind,item\n10,request,a\n";
  for (const char* line : {"x,request,a", "11,request", "11,usage,a",
                           "9,request,a", "11,request,"}) {
    const auto trace = Read(absl::StrCat(head, line, "\n"));
    REQUIRE_FALSE(trace.ok());
    CHECK_THAT(std::string(trace.status().message()), Catch::Contains(":3:"));
  }
  CHECK_FALSE(ReadTrace("/nonexistent").ok());
  CHECK_FALSE(Read("time_s,kind,item\n").ok());
  CHECK_FALSE(Read("time_s,kind,item\n1,session,a\n").ok());
}

}  // namespace
}  // namespace warmup::demo
