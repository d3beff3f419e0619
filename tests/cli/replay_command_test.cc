// `warmupctl replay`: the real program on a recorded trace.
#include <nlohmann/json.hpp>

#include "absl/strings/str_split.h"
#include "clients/cli/errors.h"
#include "tests/cli/run.h"
#include "tests/support/catch.h"

namespace warmup::cli {
namespace {

RunResult Replay(std::vector<std::string> words) {
  words.insert(words.begin(),
               {WARMUPCTL, "replay", "--trace", WARMUP_REPLAY_TRACE});
  return RunProgram(words);
}

// Equal to those of another implementation in every column: see
// bench/replay_baselines. Without what is the same in all and the last column,
// which tells how fast this computer is.
const char* const kGolden[] = {
    "f0.15,50280,2,lru,2590,0,4.05,0.15,693,551,0.268,0.00,8.75,523,0,0,0.041,"
    "0,90218,25.77",
    "f0.15,50280,2,ttl5,2590,0,29.42,0.35,2281,2127,0.881,4.92,9.67,1600,0,0,0."
    "294,0,124,0.04",
    "f0.15,50280,2,ttl10,2590,0,24.25,0.27,1964,1814,0.758,3.17,9.67,1390,0,0,"
    "0.242,0,210,0.07",
    "f0.15,50280,2,ttl60,2590,0,15.14,0.19,1416,1271,0.547,2.67,8.83,1030,0,0,"
    "0.151,0,879,0.27",
    "f0.15,50280,2,gdsf,2590,0,3.67,0.15,648,526,0.250,0.00,8.75,505,0,0,0.037,"
    "0,75662,25.87",
    "f0.15,50280,2,lfu,2590,0,3.75,0.15,680,538,0.263,0.00,8.75,517,0,0,0.037,"
    "0,77340,26.80",
    "f0.15,50280,2,hybrid,2590,0,12.20,0.19,1247,1103,0.482,2.67,9.67,922,0,0,"
    "0.122,0,2238,0.66",
    "f0.15,50280,2,belady,2590,0,3.24,0.15,533,452,0.206,0.00,6.83,432,0,0,0."
    "032,0,68267,25.49",
    "m3,14100,2,lru,2576,14,5.09,0.19,582,541,0.226,1.25,5.42,480,0,0,0.051,0,"
    "31758,9.59",
    "m3,14100,2,ttl5,2576,14,29.27,0.35,2037,1987,0.791,3.17,7.25,1445,0,0,0."
    "293,0,107,0.04",
    "m3,14100,2,ttl10,2576,14,24.07,0.27,1720,1674,0.668,3.17,6.83,1235,0,0,0."
    "241,0,176,0.06",
    "m3,14100,2,ttl60,2576,14,15.06,0.19,1189,1148,0.461,2.00,5.75,891,0,0,0."
    "151,0,677,0.22",
    "m3,14100,2,gdsf,2576,14,4.93,0.19,602,559,0.234,1.25,5.50,506,0,0,0.049,0,"
    "30336,9.48",
    "m3,14100,2,lfu,2576,14,5.40,0.19,645,605,0.251,1.50,5.42,546,0,0,0.054,0,"
    "34662,9.85",
    "m3,14100,2,hybrid,2576,14,12.07,0.19,1009,968,0.392,2.00,5.50,770,0,0,0."
    "121,0,1501,0.48",
    "m3,14100,2,belady,2576,14,4.58,0.19,552,511,0.214,0.00,5.42,461,0,0,0.046,"
    "0,27270,9.16"};

TEST_CASE("ReplayCommand: replays a recorded half year to the letter") {
  const RunResult result =
      Replay({"--budget", "f0.15,m3", "--seed", "2", "--policy",
              "lru,ttl:300,ttl10,ttl60,gdsf,lfu,hybrid,belady", "-o", "csv"});
  CHECK(result.exit_code == kExitOk);
  CHECK(result.err.empty());  // no terminal, no progress
  const std::vector<std::string> lines = absl::StrSplit(result.out, '\n');
  REQUIRE(lines.size() == 1 + std::size(kGolden) + 1);
  for (size_t i = 0; i < std::size(kGolden); ++i) {
    const std::string& line = lines[i + 1];
    CHECK(line.substr(0, line.rfind(',')) ==
          "developer_llm,pool," + std::string(kGolden[i]));
  }
}

TEST_CASE(
    "ReplayCommand: a table by default, json here or before the command") {
  const std::vector<std::string> words = {"--budget", "m2", "--policy", "lru"};
  const RunResult table = Replay(words);
  CHECK(table.out.starts_with("developer_llm, one machine: 2590 requests\n\n"));
  std::vector<std::string> json = words;
  json.insert(json.end(), {"-o", "json", "--per-user"});
  const auto rows = nlohmann::json::parse(Replay(json).out)["rows"];
  REQUIRE(rows.size() == 1);
  CHECK(rows[0]["view"] == "user");
  const RunResult global =
      RunProgram({WARMUPCTL, "-o", "json", "replay", "--trace",
                  WARMUP_REPLAY_TRACE, "--budget", "m2", "--policy", "lru"});
  CHECK(nlohmann::json::parse(global.out)["rows"].size() == 1);
}

TEST_CASE("ReplayCommand: writes a chart, or says that it cannot") {
  const TempFolder folder;
  const std::string path = folder.File("chart.svg");
  const std::vector<std::string> words = {"--budget", "m2", "--policy",
                                          "lru,belady", "--plot"};
  std::vector<std::string> good = words;
  good.push_back(path);
  CHECK(Replay(good).exit_code == kExitOk);
  CHECK(ReadFile(path).starts_with("<svg "));
  const std::string curves = folder.File("curves.svg");
  CHECK(Replay({"--budget", "m2", "--policy", "lru", "--reliability", curves})
            .exit_code == kExitOk);
  CHECK(ReadFile(curves).find("came true: developer_llm<") !=
        std::string::npos);
  std::vector<std::string> bad = words;
  bad.push_back(folder.File("no/folder.svg"));
  const RunResult result = Replay(bad);
  CHECK(result.exit_code == kExitFailed);
  CHECK(result.err == "error: " + bad.back() + ": it cannot be written\n");
}

TEST_CASE("ReplayCommand: context is read beside the trace") {
  const TempFolder folder;
  const std::string path = folder.File("context.csv");
  const std::vector<std::string> words = {"--budget", "m2",  "--policy",  "lru",
                                          "-o",       "csv", "--context", path};
  WriteFile(path, "time_s,user,item\n1723560043,u00,session:gpt-4o-mini\n");
  CHECK(Replay(words).exit_code == kExitOk);
  WriteFile(path, "time_s,user,item\n2,u,x\n1,u,x\n");
  const RunResult result = Replay(words);
  CHECK(result.exit_code == kExitRefused);
  CHECK(result.out.empty());
  CHECK(result.err == "error: " + path +
                          ", line 3, column time_s: it is before that of the "
                          "row above\n");
}

TEST_CASE("ReplayCommand: what is wrong on the command line is named") {
  const auto error = [](const std::vector<std::string>& words) {
    const RunResult result = Replay(words);
    CHECK(result.exit_code == kExitUsage);
    return result.err.substr(0, result.err.find('\n'));
  };
  CHECK(error({"--policy", "lru"}) == "error: --budget is required");
  CHECK(error({"--budget", "m2"}) == "error: --policy is required");
  CHECK(error({"--budget", "m2", "--policy", "lru,mru"}) ==
        "error: --policy: 'mru' is none of ttl:SECONDS, warmup:PRICE, warmup, "
        "lru, gdsf, lfu, "
        "hybrid, markov, recpop, belady, clairvoyant");
  CHECK(error({"--budget", "m2,5", "--policy", "lru"}) ==
        "error: --budget: '5' is no budget: f0.15 is a part of the footprint, "
        "m3 times the median item, b8000 MiB");
  CHECK(error({"--budget", "m2", "--policy", "lru", "--seed", "1,x"}) ==
        "error: --seed: 'x' is no whole number from 0 on");
  CHECK(error({"--budget", "m2", "--policy", "lru", "--slots", "0"}) ==
        "error: --slots: it is not from 1 to 64");
  CHECK(error({"--budget", "m2", "--policy", "lru", "-o", "xml"}) ==
        "error: -o,--output: 'xml' is none of table, csv, json");
  const RunResult missing =
      RunProgram({WARMUPCTL, "replay", "--trace", "/nowhere.csv", "--budget",
                  "m2", "--policy", "lru"});
  CHECK(missing.exit_code == kExitNotFound);
  CHECK(missing.err == "error: /nowhere.csv: No such file or directory\n");
}

TEST_CASE("ReplayCommand: on a terminal it shows how far it is") {
  TerminalRun run({WARMUPCTL, "replay", "--trace", WARMUP_REPLAY_TRACE,
                   "--budget", "m2", "--policy", "lru,gdsf"});
  CHECK(run.ReadUntil("replaying  \xE2\x96\x95"));
  CHECK(run.Wait() == kExitOk);
  CHECK(run.output().find(" 100 %\r\x1B[K") != std::string::npos);
}

}  // namespace
}  // namespace warmup::cli
