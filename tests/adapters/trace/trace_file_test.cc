#include "adapters/trace/trace_file.h"

#include "tests/adapters/trace/zstd_text.h"
#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace warmup {
namespace {

class TraceFixture {
 public:
  absl::StatusOr<replay::Trace> Read(const std::string& bytes) {
    WriteBytes(path(), bytes);
    return ReadTrace(path());
  }
  // The message without the file's name.
  std::string Error(const std::string& bytes) {
    const absl::Status status = Read(bytes).status();
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    std::string text(status.message());
    const size_t at = text.find(path());
    REQUIRE(at != std::string::npos);
    return text.replace(at, path().size(), "FILE");
  }
  std::string path() const { return folder_.File("use.csv.zst"); }

 private:
  TempFolder folder_;
};

const std::string kHeader = "time_s,user,item\n";

TEST_CASE_METHOD(TraceFixture,
                 "TraceFile: numbers users and items as they come") {
  const auto trace = Read(kHeader +
                          "1,ann,b\n"
                          "1,bob,a\n"
                          "2.5,ann,a\n");
  REQUIRE(trace.ok());
  CHECK(trace->name == "use");
  CHECK(trace->users == std::vector<std::string>{"ann", "bob"});
  CHECK(trace->items == std::vector<std::string>{"b", "a"});
  CHECK(trace->requested_items == 2);
  REQUIRE(trace->requests.size() == 3);
  CHECK(trace->requests[1].at == 1'000'000);
  CHECK(trace->requests[1].user == 1);
  CHECK(trace->requests[1].item == 1);
  CHECK(trace->requests[2].at == 2'500'000);
}

TEST_CASE_METHOD(TraceFixture,
                 "TraceFile: columns come in any order, among others") {
  const auto trace =
      Read("item,size,time_s,user\r\n\"a, \"\"b\"\"\",7, 3 ,u\r\n");
  REQUIRE(trace.ok());
  CHECK(trace->items.front() == "a, \"b\"");
  CHECK(trace->requests.front().at == 3'000'000);
}

TEST_CASE_METHOD(TraceFixture, "TraceFile: of a time six decimals count") {
  const auto trace = Read("\xEF\xBB\xBF" + kHeader +
                          "0,,a\n0.1,,a\n0.1234567,,a\n1.,,a\n"
                          "253402300799.9,,a");
  REQUIRE(trace.ok());
  std::vector<int64_t> times;
  for (const auto& request : trace->requests) times.push_back(request.at);
  CHECK(times == std::vector<int64_t>{0, 100'000, 123'456, 1'000'000,
                                      253'402'300'799'900'000});
}

TEST_CASE_METHOD(TraceFixture,
                 "TraceFile: a wrong time is told by line and column") {
  for (const char* time : {"", "x", "-1", "-0.5", "1e9", "1.2.3", "1 2", "nan",
                           "+1", "253402300801", "99999999999999999999"}) {
    CAPTURE(time);
    CHECK(Error(kHeader + "1,u,a\n" + time + ",u,a\n") ==
          "FILE, line 3, column time_s: \"" + std::string(time) +
              "\" is no time in seconds since 1970");
  }
  CHECK(Error(kHeader + "5,u,a\n5,u,a\n4.999999,u,a\n") ==
        "FILE, line 4, column time_s: it is before that of the row above");
}

TEST_CASE_METHOD(TraceFixture,
                 "TraceFile: a wrong name is told by line and column") {
  CHECK(Error(kHeader + "1,u,\n") == "FILE, line 2, column item: it is empty");
  const std::string longest(256, 'x');
  CHECK(Read(kHeader + "1," + longest + "," + longest + "\n").ok());
  CHECK(Error(kHeader + "1,u," + longest + "x\n") ==
        "FILE, line 2, column item: it is longer than 256 bytes");
  CHECK(Error(kHeader + "1,x" + longest + ",a\n") ==
        "FILE, line 2, column user: it is longer than 256 bytes");
}

TEST_CASE_METHOD(TraceFixture,
                 "TraceFile: missing columns, rows and headers are told") {
  CHECK(Error("time_s,user\n1,u\n") ==
        "Missing column \"item\" in header of file \"FILE\".");
  CHECK(Error(kHeader + "1,u,a\n2,u\n") ==
        "Too few columns in line 3 in file \"FILE\".");
  CHECK(Error(kHeader + "1,u,a\n2,u,a,b\n") ==
        "Too many columns in line 3 in file \"FILE\".");
  CHECK(Error(kHeader + "1,u,\"a\n") ==
        "Escaped string was not closed in line 2 in file \"FILE\".");
  CHECK(Error(kHeader) == "FILE: it has a header and no row");
  CHECK(Error("") == "Header missing in file \"FILE\".");
  CHECK(Error("time_s,time_s,user,item\n1,1,u,a\n") ==
        "Duplicated column \"time_s\" in header of file \"FILE\".");
}

TEST_CASE_METHOD(TraceFixture, "TraceFile: reads what zstd has compressed") {
  // More than the parser holds at once.
  std::string text = kHeader;
  const std::string name(200, 'n');
  constexpr size_t kRows = 180'000;
  for (size_t i = 0; i < kRows; ++i) {
    text += std::to_string(i) + ",u," + name + std::to_string(i % 10) + "\n";
  }
  text.pop_back();  // the last line without an end
  REQUIRE(text.size() > size_t{36} << 20);
  const auto trace = Read(Compressed(text));
  REQUIRE(trace.ok());
  CHECK(trace->requests.size() == kRows);
  CHECK(trace->requests.back().at == int64_t{kRows - 1} * 1'000'000);
  CHECK(trace->items.size() == 10);
}

TEST_CASE_METHOD(TraceFixture,
                 "TraceFile: a file that is cut is that, and no wrong row") {
  std::string text = kHeader;
  for (int i = 0; i < 50'000; ++i) {
    text += std::to_string(i) + ",u," + std::to_string(i * 7'919) + "\n";
  }
  const std::string bytes = Compressed(text);
  const absl::Status cut = Read(bytes.substr(0, bytes.size() / 2)).status();
  CHECK(cut.code() == absl::StatusCode::kDataLoss);
  CHECK(cut.message() == path() + ": it ends in the middle");
  const absl::Status garbage =
      Read(bytes.substr(0, 4) + std::string(1'000, 'g')).status();
  CHECK(garbage.code() == absl::StatusCode::kDataLoss);
}

TEST_CASE_METHOD(TraceFixture, "TraceFile: no file, and a folder, are errors") {
  CHECK(ReadTrace("/nowhere/at/all.csv").status().code() ==
        absl::StatusCode::kNotFound);
  CHECK_FALSE(ReadTrace("/").ok());
}

TEST_CASE_METHOD(TraceFixture,
                 "TraceFile: context events announce items, or are signs") {
  absl::StatusOr<replay::Trace> trace = Read(kHeader + "1,ann,a\n");
  REQUIRE(trace.ok());
  WriteBytes(path(), kHeader +
                         "1,ann,launched\n"
                         "2,bob,session:a\n"
                         "3,ann,hint:new\n"
                         "4,ann,launched\n");
  REQUIRE(ReadContext(path(), *trace).ok());
  REQUIRE(trace->context.size() == 4);
  CHECK(trace->context[0].kind == 0);
  CHECK(trace->context[0].announced == shadow::kNoItem);
  CHECK(trace->context[1].announced == 0);
  CHECK(trace->context[1].is_session);
  CHECK(trace->context[1].user == 1);
  CHECK(trace->context[2].announced == 1);
  CHECK_FALSE(trace->context[2].is_session);
  CHECK(trace->context[3].kind == 0);
  CHECK(trace->kinds == std::vector<std::string>{"launched"});
  CHECK(trace->items == std::vector<std::string>{"a", "new"});
  CHECK(trace->requested_items == 1);
}

TEST_CASE_METHOD(TraceFixture, "TraceFile: a trace may tell what items cost") {
  const auto trace = Read(
      "time_s,user,item,load_s,size_mib\n"
      "1,u,a,2.5,100\n"
      "2,u,b,,\n"
      "3,u,c,0,1\n"
      "4,u,a,1.5,200\n"
      "5,u,a,,\n");
  REQUIRE(trace.ok());
  REQUIRE(trace->costs.size() == 3);
  CHECK(trace->costs[0].size == 200);  // the last one that says so
  CHECK(trace->costs[0].load == 1'500'000);
  CHECK(trace->costs[1].size == 0);
  CHECK(trace->costs[2].size == 1);
  CHECK(trace->costs[2].load == 0);
  CHECK(Read(kHeader + "1,u,a\n")->costs.empty());
}

TEST_CASE_METHOD(TraceFixture, "TraceFile: a cost that is none is told") {
  const std::string header = "time_s,user,item,size_mib,load_s\n";
  for (const char* size : {"0", "-1", "1.5", "x", "16777217", ""}) {
    CAPTURE(size);
    CHECK(Error(header + "1,u,a," + size + ",1\n") ==
          "FILE, line 2, column size_mib: it is no whole number from 1 to "
          "16777216");
  }
  for (const char* load : {"", "-1", "x", "86400.1"}) {
    CAPTURE(load);
    CHECK(Error(header + "1,u,a,1," + load + "\n") ==
          "FILE, line 2, column load_s: it is no time in seconds up to a day");
  }
  // One column without the other.
  CHECK(Error("time_s,user,item,size_mib\n1,u,a,1\n") ==
        "FILE, line 2, column load_s: it is no time in seconds up to a day");
}

}  // namespace
}  // namespace warmup
