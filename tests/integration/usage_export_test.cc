// From real use to what other policies would have made of it: a real daemon, a
// real warmupctl.

#include <algorithm>
#include <string>

#include "absl/strings/str_split.h"
#include "tests/cli/run.h"
#include "tests/integration/served_daemon.h"

namespace warmup {
namespace {

using cli::ReadFile;
using cli::RunProgram;
using cli::RunResult;

struct ExportedDaemon : ServedDaemon {
  RunResult Run(std::vector<std::string> words) {
    words.insert(words.begin(), {WARMUPCTL, "--target", home.socket_path()});
    const RunResult result = RunProgram(words);
    INFO(result.err);
    CHECK(result.exit_code == 0);
    return result;
  }
  void Use(const std::string& model) {
    client
        .Ask(&Warmup::RecordUsage,
             "usages { model_id: '" + model + "' session_id: 's' }")
        .Must();
  }
};

TEST_CASE("UsageExport: what a daemon saw is replayed under every policy") {
  ExportedDaemon served;
  served.Register("small", 3 * kMib);
  served.Register("large", 5 * kMib);
  served.client
      .Ask(&Warmup::StartWarmupSession,
           "session { session_id: 's' user_id: 'ann'"
           " roles { key: 'chat' value: 'small' } }")
      .Must();
  served.client
      .Ask(&Warmup::ReportActivity,
           "activities { kind: 'typing' session_id: 's' }")
      .Must();
  for (int i = 0; i < 5; ++i) {
    served.Use("small");
    served.Use("large");
  }
  const std::string trace = served.home.File("my.csv");
  const std::string context = served.home.File("context.csv.zst");
  CHECK(served
            .Run({"usage", "export", "-o", trace, "--context", context,
                  "--since", "1h"})
            .err == "10 uses of 2 models in " + trace + "\n");
  const std::vector<std::string> rows =
      absl::StrSplit(ReadFile(trace), '\n', absl::SkipEmpty());
  REQUIRE(rows.size() == 11);
  CHECK(rows[1].find(",ann,small,3,") != std::string::npos);
  CHECK(rows[2].find(",ann,large,5,") != std::string::npos);

  const RunResult replay = served.Run(
      {"replay", "--trace", trace, "--context", context, "--budget", "f1,b5",
       "--policy", "lru,warmup,ttl:300,belady", "-o", "csv"});
  const std::vector<std::string> results =
      absl::StrSplit(replay.out, '\n', absl::SkipEmpty());
  REQUIRE(results.size() == 1 + 2 * 4);
  // Real sizes: all of them are 8 MiB.
  CHECK(results[1].starts_with("my,pool,f1,8,1,lru,10,0,20.00,"));
  CHECK(results[5].starts_with("my,pool,b5,5,1,lru,10,0,"));

  // What was exported had been stored: it outlives the daemon.
  const std::string before = ReadFile(trace);
  served.daemon.Kill();
  DaemonProcess again = served.home.Start();
  served.Run({"usage", "export", "-o", trace});
  CHECK(ReadFile(trace) == before);
  served.Run({"usage", "small"});
  CHECK(served.Run({"usage", "export"}).err == "11 uses of 2 models\n");
  CHECK(again.Stop() == 0);
}

TEST_CASE("UsageExport: uses are stored at the end") {
  ExportedDaemon served;
  served.Register("m");
  served.client.Ask(&Warmup::RecordUsage, "usages { model_id: 'm' }").Must();
  CHECK(served.daemon.Stop() == 0);
  const DaemonProcess again = served.home.Start();
  CHECK(served.Run({"usage", "export"}).err == "1 use of 1 model\n");
}

}  // namespace
}  // namespace warmup
