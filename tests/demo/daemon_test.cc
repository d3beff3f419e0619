#include "demo/daemon.h"

#include <string>

#include "tests/support/catch.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_folder.h"

namespace warmup::demo {
namespace {

absl::StatusOr<Daemon> Shell(const TempFolder& folder,
                             const std::string& script) {
  return Daemon::Start({"/bin/sh", "-c", script}, folder.File("log"));
}

// Waits until the script says that it is ready.
bool IsReady(const Daemon& daemon) {
  return Eventually(
      [&] { return daemon.LogTail().find("ready") != std::string::npos; });
}

TEST_CASE("Daemon: one that ends in order on SIGTERM is stopped well") {
  const TempFolder folder;
  auto daemon = Shell(
      folder, "trap 'exit 0' TERM; echo ready; while :; do sleep 0.01; done");
  REQUIRE(daemon.ok());
  REQUIRE(IsReady(*daemon));
  CHECK(daemon->IsAlive());
  CHECK(daemon->Stop(kPatience).ok());
  CHECK_FALSE(daemon->IsAlive());
}

TEST_CASE("Daemon: one that does not end is killed, and that is an error") {
  const TempFolder folder;
  auto daemon =
      Shell(folder, "trap '' TERM; echo ready; while :; do sleep 0.01; done");
  REQUIRE(daemon.ok());
  REQUIRE(IsReady(*daemon));
  CHECK(absl::IsDeadlineExceeded(daemon->Stop(absl::Milliseconds(50))));
  CHECK_FALSE(daemon->IsAlive());
}

TEST_CASE("Daemon: its death and its last words are seen") {
  const TempFolder folder;
  auto daemon = Shell(folder, "echo to stdout; echo to stderr >&2; exit 3");
  REQUIRE(daemon.ok());
  REQUIRE(Eventually([&] { return !daemon->IsAlive(); }));
  CHECK_THAT(daemon->LogTail(), Catch::Contains("to stdout\nto stderr"));
  CHECK_FALSE(daemon->Stop(kPatience).ok());
}

TEST_CASE("Daemon: a program that is not there is named in the log") {
  const TempFolder folder;
  auto daemon = Daemon::Start({"/nonexistent/warmupd"}, folder.File("log"));
  REQUIRE(daemon.ok());
  REQUIRE(Eventually([&] { return !daemon->IsAlive(); }));
  CHECK_THAT(daemon->LogTail(), Catch::Contains("/nonexistent/warmupd"));
}

}  // namespace
}  // namespace warmup::demo
