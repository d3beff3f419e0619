// The demo itself, as a person runs it, with a short trace and small files.

#include <signal.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "demo/daemon.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_folder.h"

namespace warmup::demo {
namespace {

// Three small models that fit together, each announced before its first use;
// then a large one that nobody announces.
constexpr char kTrace[] =
    "time_s,kind,item\n"
    "1000,session,echo\n"
    "1008,request,echo\n"
    "1009,session,reviewer\n"
    "1017,request,reviewer\n"
    "1018,session,chat\n"
    "1026,request,chat\n"
    "1027,activity,command_add\n"
    "1030,request,echo\n"
    "1033,request,reviewer\n"
    "1036,request,alpha\n"
    "1040,session,embedder\n"
    "1044,session,delta\n";

// A run of the demo, its output in a file. All of the folder that is not the
// test's own must be gone at its end.
class DemoProcess {
 public:
  explicit DemoProcess(const std::vector<std::string>& more = {},
                       const std::string& warmupd = WARMUPD)
      : folder_("/var/tmp") {  // /tmp may be memory
    std::ofstream(folder_.File("trace.csv")) << kTrace;
    std::filesystem::create_directory(folder_.File("work"));
    std::vector<std::string> command = {WARMUP_DEMO,
                                        "--warmupd",
                                        warmupd,
                                        "--trace",
                                        folder_.File("trace.csv"),
                                        "--folder",
                                        folder_.File("work"),
                                        "--size-divisor",
                                        "10"};
    command.insert(command.end(), more.begin(), more.end());
    auto started = Daemon::Start(command, folder_.File("out"));
    REQUIRE(started.ok());
    process_.emplace(*std::move(started));
  }

  Daemon& process() { return *process_; }
  std::string Output() const {
    std::stringstream text;
    text << std::ifstream(folder_.File("out")).rdbuf();
    return text.str();
  }
  bool WaitFor(const std::string& text) {
    return Eventually([&] {
             return Output().find(text) != std::string::npos ||
                    !process_->IsAlive();
           }) &&
           Output().find(text) != std::string::npos;
  }
  bool IsFolderEmpty() const {
    return std::filesystem::is_empty(folder_.File("work"));
  }

 private:
  const TempFolder folder_;
  std::optional<Daemon> process_;
};

// The two numbers of a line of the summary.
std::pair<int, int> Figures(const std::string& output,
                            const std::string& title) {
  const size_t at = output.find(title);
  REQUIRE(at != std::string::npos);
  std::pair<int, int> numbers;
  std::istringstream line(output.substr(at + title.size()));
  line >> numbers.first >> numbers.second;
  return numbers;
}

TEST_CASE("Demo: fewer requests are cold with prediction, and nothing stays") {
  DemoProcess demo;
  REQUIRE(Eventually([&] { return !demo.process().IsAlive(); }));
  const std::string output = demo.Output();
  CAPTURE(output);
  // 0: every page of metrics said what the daemon counted.
  CHECK(demo.process().exit_code() == 0);
  CHECK(Figures(output, "cold: its load had to be started") ==
        std::make_pair(4, 1));
  CHECK_THAT(output, Catch::Contains("run 1 of 2: prediction off"));
  CHECK_THAT(output, Catch::Contains("run 2 of 2: prediction on"));
  CHECK_THAT(output, Catch::Contains("warmup_load_read_bytes_total"));
  CHECK_THAT(output, Catch::Contains("agrees"));
  CHECK_THAT(output, !Catch::Contains("\033"));
  CHECK(demo.IsFolderEmpty());
}

TEST_CASE("Demo: an interrupted one takes everything with it") {
  DemoProcess demo;
  REQUIRE(demo.WaitFor("run 1 of 2"));
  kill(demo.process().pid(), SIGINT);
  REQUIRE(Eventually([&] { return !demo.process().IsAlive(); }));
  CHECK(demo.process().exit_code() == 128 + SIGINT);
  CHECK(demo.IsFolderEmpty());
}

TEST_CASE("Demo: one that stays says what to type, and ends on SIGTERM") {
  DemoProcess demo({"--stay", "--requests", "1"});
  REQUIRE(demo.WaitFor("/metrics\n"));
  CHECK_THAT(demo.Output(), Catch::Contains("export WARMUP_TARGET="));
  CHECK(demo.process().Stop(kPatience).ok());
  CHECK(demo.IsFolderEmpty());
}

TEST_CASE("Demo: a daemon that does not start is told, with its words") {
  DemoProcess demo({}, "/bin/false");
  REQUIRE(Eventually([&] { return !demo.process().IsAlive(); }));
  CHECK(demo.process().exit_code() == 1);
  CHECK_THAT(demo.Output(), Catch::Contains("demo: warmupd ended"));
  CHECK(demo.IsFolderEmpty());
}

}  // namespace
}  // namespace warmup::demo
