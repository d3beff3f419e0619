// `warmupctl usage export`: the real program against a daemon with canned
// answers.
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "clients/cli/errors.h"
#include "tests/cli/run.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"

namespace warmup::cli {
namespace {

using nlohmann::json;

// The coder's size is rounded up from 1075.2 MiB; "gone" has none any more.
const char* const kTrace =
    "time_s,user,item,size_mib,load_s\n"
    "1714557601.123456,\"ann, \"\"a\"\"\",coder:1.5b,1076,1.240000\n"
    "1714557602.000000,,gone,,\n"
    "1714557603.000000,bob,gone,,\n"
    "1714557604.000000,bob,coder:1.5b,1076,1.240000\n";
const char* const kContext =
    "time_s,user,item,size_mib,load_s\n"
    "1714557600.000000,\"ann, \"\"a\"\"\",session:coder:1.5b,1076,1.240000\n"
    "1714557602.000000,,typing,,\n"
    "1714557602.000000,bob,hint:gone,,\n"
    "1714557603.000000,,activity:hint:of_nothing,,\n";
const char* const kUnknown =
    "what it costs is not known, so a replay draws it: gone\n";

struct ExportFixture : CliFixture {
  json Request() { return json::parse(daemon().LastRequest("ExportUsage")); }
  std::vector<std::string> Files() const {
    std::vector<std::string> names;
    for (const auto& file :
         std::filesystem::directory_iterator(folder().File(""))) {
      if (file.path().filename() != "d.sock") {
        names.push_back(file.path().filename());
      }
    }
    return names;
  }
};

TEST_CASE_METHOD(ExportFixture, "UsageExport: the trace is on stdout") {
  const RunResult result = Run({"usage", "export"});
  CHECK(result.exit_code == kExitOk);
  CHECK(result.out == kTrace);
  CHECK(result.err == std::string("4 uses of 2 models\n") + kUnknown);
  CHECK_FALSE(Request().contains("since"));
  CHECK(Run({"usage", "export", "-o", "-"}).out == kTrace);
}

TEST_CASE_METHOD(ExportFixture, "UsageExport: two files that replay reads") {
  const std::string trace = folder().File("my.csv");
  const std::string context = folder().File("context.csv.zst");
  const RunResult result =
      Run({"usage", "export", "-o", trace, "--context", context});
  CHECK(result.exit_code == kExitOk);
  CHECK(result.out.empty());
  CHECK(result.err == "4 uses of 2 models in " + trace + "\n" + kUnknown);
  CHECK(ReadFile(trace) == kTrace);
  CHECK(Request()["include_context"] == true);
  const RunResult replay =
      RunProgram({WARMUPCTL, "replay", "--trace", trace, "--context", context,
                  "--budget", "b1076", "--policy", "lru,warmup", "-o", "csv"});
  INFO(replay.err);
  CHECK(replay.exit_code == kExitOk);
  CHECK(std::count(replay.out.begin(), replay.out.end(), '\n') == 3);
  // With the sizes of the file: both would fit in this.
  CHECK(replay.out.find("my,pool,b1076,1076,1,lru,") != std::string::npos);
  CHECK(Files().size() == 2);
}

TEST_CASE_METHOD(ExportFixture, "UsageExport: the context as it is written") {
  const std::string context = folder().File("context.csv");
  Run({"usage", "export", "--context", context});
  CHECK(ReadFile(context) == kContext);
}

TEST_CASE_METHOD(ExportFixture, "UsageExport: since and until, in words") {
  const auto since = [&](const std::string& text) {
    CAPTURE(text);
    CHECK(Run({"usage", "export", "--since", text}).exit_code == kExitOk);
    absl::Time time;
    std::string error;
    REQUIRE(absl::ParseTime(absl::RFC3339_full,
                            Request()["since"].get<std::string>(), &time,
                            &error));
    return time;
  };
  const absl::Time now = absl::Now();
  const auto is_near = [](absl::Time a, absl::Time b) {
    return absl::AbsDuration(a - b) < absl::Minutes(2);
  };
  CHECK(is_near(since("30d"), now - 30 * absl::Hours(24)));
  CHECK(is_near(since("12h"), now - absl::Hours(12)));
  CHECK(since("2026-11-01T08:30:00Z") == absl::FromUnixSeconds(1793521800));
  CHECK(is_near(
      since("2026-11-01"),
      absl::FromCivil(absl::CivilDay(2026, 11, 1), absl::LocalTimeZone())));
  Run({"usage", "export", "--until", "2026-11-01T08:30:00Z"});
  CHECK(Request()["until"] == "2026-11-01T08:30:00Z");
  CHECK_FALSE(Request().contains("since"));
  const RunResult wrong = Run({"usage", "export", "--since", "yesterday"});
  CHECK(wrong.exit_code == kExitUsage);
  CHECK(wrong.err.starts_with("error: --since: 'yesterday' is no time"));
}

TEST_CASE_METHOD(ExportFixture, "UsageExport: what fails leaves no file") {
  const std::string path = folder().File("my.csv");
  daemon().Fail("ExportUsage", FakeError(grpc::StatusCode::RESOURCE_EXHAUSTED,
                                         "8 exports", "TOO_MANY_EXPORTS"));
  const RunResult failed = Run({"usage", "export", "-o", path});
  CHECK(failed.exit_code != kExitOk);
  CHECK(failed.err.starts_with("error: 8 exports\n"));
  CHECK(Files().empty());
  const RunResult nowhere =
      Run({"usage", "export", "-o", folder().File("no/my.csv")});
  CHECK(nowhere.exit_code == kExitNotFound);
  const RunResult same =
      Run({"usage", "export", "-o", path, "--context", path});
  CHECK(same.exit_code == kExitUsage);
  CHECK(Files().empty());
}

TEST_CASE_METHOD(ExportFixture, "UsageExport: Ctrl-C leaves no file") {
  daemon().HoldStreams();
  TerminalRun run({WARMUPCTL, "--target", target(), "usage", "export", "-o",
                   folder().File("my.csv")});
  REQUIRE(Eventually([&] { return !Files().empty(); }));
  run.Signal(SIGINT);
  CHECK(run.Wait() == kExitFailed);
  CHECK(run.output().find("stopped before the end") != std::string::npos);
  CHECK(Files().empty());
}

TEST_CASE_METHOD(ExportFixture, "UsageExport: recording still is what it was") {
  CHECK(Run({"usage", "a", "--session", "s"}).err == "1 use recorded\n");
  CHECK(Run({"usage", "--", "export"}).err == "1 use recorded\n");
  CHECK(json::parse(daemon().LastRequest(
            "RecordUsage"))["usages"][0]["model_id"] == "export");
  const RunResult nothing = Run({"usage"});
  CHECK(nothing.exit_code == kExitUsage);
  CHECK(nothing.err.starts_with("error: MODEL is required"));
}

}  // namespace
}  // namespace warmup::cli
