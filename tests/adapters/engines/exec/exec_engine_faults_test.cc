#include <signal.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "adapters/engines/exec/exec_engine.h"
#include "tests/adapters/engines/exec/exec_fixture.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"

namespace warmup {
namespace {

// The error of a load that names engine and model, and leaves nothing.
absl::Status LoadError(ExecHome& home, const std::string& model) {
  const auto result = home.Load(model);
  REQUIRE_FALSE(result.ok());
  const std::string message(result.status().message());
  INFO(message);
  CHECK_THAT(message,
             Catch::StartsWith(absl::StrCat("engine \"", home.id(),
                                            "\": model \"", model, "\": ")));
  CHECK(home.Processes().empty());
  CHECK(home.LookAt(model).residency.tier == Tier::kCold);
  CHECK_FALSE(home.LookAt(model).is_loading);
  return result.status();
}

std::string Text(const absl::Status& status) {
  return std::string(status.message());
}

TEST_CASE("ExecEngine: says which command cannot be run, and why") {
  ExecHome home;
  std::vector<Command> commands;
  const auto add = [&](const std::string& model, const std::string& program) {
    Command command = home.Shell(model, "");
    command.argv = {program};
    commands.push_back(command);
  };
  add("missing", "/no/such/program");
  add("not-in-path", "no-such-program");
  add("plain", home.Script("plain", ""));
  std::filesystem::permissions(home.File("plain"),
                               std::filesystem::perms::owner_read);
  add("folder", home.File("."));
  add("no-interpreter", home.Script("odd", "#!/no/such/interpreter\n"));
  std::ofstream(home.File("garbage")) << std::string(
      "\x7f"
      "ELFnot really");
  std::filesystem::permissions(home.File("garbage"),
                               std::filesystem::perms::owner_all);
  add("garbage", home.File("garbage"));
  add("nowhere", "/bin/true");
  commands.back().working_directory = "/no/such/folder";
  add("relative", "./none.sh");
  home.Start(commands);

  absl::Status error = LoadError(home, "missing");
  CHECK(absl::IsNotFound(error));
  CHECK(ReasonOf(error) == "COMMAND_NOT_FOUND");
  CHECK_THAT(Text(error), Catch::Contains("\"/no/such/program\": No such"));
  error = LoadError(home, "not-in-path");
  CHECK(ReasonOf(error) == "COMMAND_NOT_FOUND");
  CHECK_THAT(Text(error), Catch::Contains("\"no-such-program\" in PATH ("));
  for (const char* model : {"plain", "folder", "no-interpreter", "garbage"}) {
    INFO(model);
    error = LoadError(home, model);
    CHECK(absl::IsFailedPrecondition(error));
    CHECK(ReasonOf(error) == "COMMAND_NOT_EXECUTABLE");
  }
  CHECK_THAT(Text(LoadError(home, "plain")),
             Catch::Contains("Permission denied"));
  CHECK_THAT(Text(LoadError(home, "no-interpreter")),
             Catch::Contains("interpreter"));
  error = LoadError(home, "nowhere");
  CHECK(ReasonOf(error) == "WORKING_DIRECTORY_UNUSABLE");
  CHECK_THAT(Text(error), Catch::Contains("/no/such/folder"));
  error = LoadError(home, "relative");
  CHECK_THAT(Text(error), Catch::Contains(home.File("./none.sh")));
}

TEST_CASE("ExecEngine: a command that ends at once is reported by its words") {
  ExecHome home;
  home.Start({home.Shell("status", "echo one\necho no such GPU >&2\nexit 3\n"),
              home.Shell("silent", "exit 4\n"),
              home.Shell("nothing", "exit 0\n"),
              home.Shell("signal", "printf partial; kill -SEGV $$\n"),
              home.Shell("odd", "printf 'a\\033[1mb\\377\\n'; exit 1\n")});
  const absl::Status error = LoadError(home, "status");
  CHECK(absl::IsUnavailable(error));
  CHECK(ReasonOf(error) == "COMMAND_ENDED");
  CHECK_THAT(Text(error),
             Catch::Contains("its command ended with status 3; its last words: "
                             "\"one | no such GPU\""));
  CHECK_THAT(Text(LoadError(home, "silent")),
             Catch::Contains("ended with status 4; it wrote nothing"));
  CHECK_THAT(Text(LoadError(home, "nothing")),
             Catch::Contains("ended with status 0"));
  CHECK_THAT(Text(LoadError(home, "signal")),
             Catch::Contains("was ended by SIGSEGV; its last words: "
                             "\"partial\""));
  CHECK_THAT(Text(LoadError(home, "odd")), Catch::Contains("\"a?[1mb?\""));
  CHECK(home.ended().empty());  // the load's error has said it
}

TEST_CASE("ExecEngine: a command that goes into the background is ended") {
  ExecHome home;
  const int port = FreePort();
  Command at_once = home.Server("at-once", port);
  at_once.argv = {home.Script("bg.sh", "\"$@\" &\n"), at_once.argv[0],
                  at_once.argv[1]};
  Command daemon = at_once;
  daemon.model = "daemon";
  daemon.argv[0] = home.Script(
      "daemon.py",
      "#!/usr/bin/env python3\nimport os, sys\n"
      "if os.fork(): os._exit(0)\nos.setsid()\nif os.fork(): os._exit(0)\n"
      "null = os.open('/dev/null', os.O_RDWR)\n"
      "for fd in range(3): os.dup2(null, fd)\n"
      "os.execv(sys.argv[1], sys.argv[1:])\n");
  home.Start({at_once, daemon});
  for (const std::string model : {"at-once", "daemon"}) {
    const absl::Status error = LoadError(home, model);
    CHECK(absl::IsFailedPrecondition(error));
    CHECK(ReasonOf(error) == "COMMAND_LEFT");
    CHECK_THAT(Text(error), Catch::Contains("must stay in the foreground"));
  }
}

TEST_CASE("ExecEngine: one that goes into the background when ready is lost") {
  ExecHome home;
  home.Start({home.Shell("a",
                         "setsid sleep 600 &\necho I am ready\n"
                         "until [ -e go ]; do sleep 0.01; done\n")});
  home.LoadOk("a");
  home.Script("go", "");
  REQUIRE(Eventually([&] { return !home.ended().empty(); }));
  CHECK_THAT(Text(home.ended()[0].second),
             Catch::Contains("left 1 processes, which were ended"));
  CHECK_FALSE(home.LookAt("a").was_unloaded);
  CHECK(Eventually([&] { return home.Processes().empty(); }));
}

TEST_CASE("ExecEngine: a command that is never ready ends with its load") {
  ExecHome home;
  std::vector<Command> commands = {
      home.Server("loading", FreePort(), {"--status", "503"}),
      home.Shell("mute", "exec sleep 600\n"),
      home.Server("stubborn", FreePort(),
                  {"--status", "302", "--ignore-term"})};
  home.Start(commands);
  for (const std::string model : {"loading", "mute", "stubborn"}) {
    INFO(model);
    // Not before there is something to end.
    absl::Time up = absl::InfiniteFuture();
    ControlBy control([&] {
      if (up == absl::InfiniteFuture() && !home.Processes().empty()) {
        up = absl::Now();
      }
      return absl::Now() - up > absl::Milliseconds(200);
    });
    const auto result = home.engine().Load(home.Spec(model), control);
    CHECK(absl::IsCancelled(result.status()));
    CHECK(ReasonOf(result.status()) == "CANCELLED");
    CHECK(home.Processes().empty());
  }
  CHECK(absl::IsCancelled([&] {
    ControlBy control([] { return true; });
    return home.engine().Load(home.Spec("mute"), control).status();
  }()));
  CHECK(home.LookAt("mute").residency.tier == Tier::kCold);
}

TEST_CASE("ExecEngine: nobody who answers in its place is taken for it") {
  ExecHome home;
  const int port = FreePort();
  Command by_port = home.Server("by-port", port);
  by_port.ready = {.port = port};
  Command localhost = home.Server("localhost", port);
  localhost.ready.url = absl::StrCat("http://localhost:", port, "/health");
  home.Start({home.Server("by-url", port), by_port, localhost});
  ExecHome stranger;
  stranger.Start({stranger.Server("stranger", port)});
  stranger.LoadOk("stranger");
  for (const std::string model : {"by-url", "by-port", "localhost"}) {
    const absl::Status error = LoadError(home, model);
    CHECK(absl::IsFailedPrecondition(error));
    CHECK(ReasonOf(error) == "ADDRESS_IN_USE");
    CHECK_THAT(Text(error), Catch::Contains("somebody else answers at "));
  }
  CHECK(stranger.LookAt("stranger").residency.tier == Tier::kReady);
  stranger.UnloadOk("stranger");
  home.LoadOk("by-url");
  const auto second = home.Load("by-port");
  CHECK(ReasonOf(second.status()) == "ADDRESS_IN_USE");
  CHECK_THAT(Text(second.status()),
             Catch::Contains("the command of model \"by-url\" is at port"));
  home.UnloadOk("by-url");
  home.LoadOk("by-port");
}

TEST_CASE("ExecEngine: of two loads at one address one is refused") {
  ExecHome home;
  const int port = FreePort();
  home.Start({home.Server("a", port, {"--late", "0.2"}),
              home.Server("b", port, {"--late", "0.2"})});
  std::vector<absl::StatusOr<LoadResult>> results(
      2, absl::UnknownError("not yet"));
  std::thread first([&] { results[0] = home.Load("a"); });
  std::thread second([&] { results[1] = home.Load("b"); });
  first.join();
  second.join();
  CHECK(results[0].ok() != results[1].ok());
  for (const auto& result : results) {
    if (!result.ok()) CHECK(ReasonOf(result.status()) == "ADDRESS_IN_USE");
  }
  CHECK(home.Processes().size() == 1);
}

TEST_CASE("ExecEngine: a flood of output blocks nobody") {
  ExecHome home;
  const auto flood = [&](const std::string& model, const std::string& what) {
    Command command =
        home.Shell(model, "yes " + what +
                              " | head -c 5000000\n"
                              "echo; echo I am ready\nexec yes\n");
    return command;
  };
  Command endless = home.Shell("endless",
                               "head -c 20000000 /dev/zero | tr '\\0' x; "
                               "printf 'I am\nI am ready'; exec sleep 600\n");
  home.Start({flood("lines", "line"), flood("long", std::string(300, 'x')),
              endless, home.Server("other", FreePort())});
  home.LoadOk("endless");
  home.LoadOk("lines");
  home.LoadOk("long");
  home.LoadOk("other");
  CHECK(home.LookAt("lines").residency.tier == Tier::kReady);
  // Two floods that are still at it: told of, but not all of it.
  CHECK(home.lines().size() < 10'000);
  for (const std::string& line : home.lines()) CHECK(line.size() < 5'000);
  home.UnloadOk("lines");
  home.UnloadOk("long");
}

TEST_CASE("ExecEngine: a command that dies is seen at once, and told once") {
  ExecHome home;
  struct Death {
    std::string model;
    int signal;
    bool is_asked;
  };
  // A user who stops it says SIGTERM or SIGINT; SIGKILL is the system's word
  // when memory is short.
  const std::vector<Death> deaths = {{"killed", SIGKILL, false},
                                     {"crashed", SIGSEGV, false},
                                     {"stopped", SIGTERM, true},
                                     {"interrupted", SIGINT, true}};
  std::vector<Command> commands;
  for (const Death& death : deaths) {
    commands.push_back(
        home.Shell(death.model, "echo I am ready\nexec sleep 600\n"));
  }
  home.Start(commands);
  for (const Death& death : deaths) {
    INFO(death.model);
    home.LoadOk(death.model);
    const size_t told = home.ended().size();
    REQUIRE(kill(home.LeaderOf(death.model).pid, death.signal) == 0);
    Sighting sighting;
    REQUIRE(Eventually([&] {
      sighting = home.LookAt(death.model);
      return sighting.residency.tier == Tier::kCold;
    }));
    CHECK(sighting.was_unloaded == death.is_asked);
    CHECK_FALSE(home.LookAt(death.model).was_unloaded);
    REQUIRE(Eventually([&] { return home.ended().size() == told + 1; }));
    CHECK(home.ended().back().first == death.model);
    CHECK_THAT(Text(home.ended().back().second),
               Catch::Contains("last words: \"I am ready\""));
    home.LoadOk(death.model);
    CHECK(home.LookAt(death.model).residency.tier == Tier::kReady);
  }
}

TEST_CASE("ExecEngine: what a dead command leaves is ended at once") {
  ExecHome home;
  Command command = home.Shell("a",
                               "setsid sleep 600 &\nsleep 600 &\n"
                               "echo I am ready\nwait\n");
  command.grace = absl::Minutes(5);
  home.Start({command});
  home.LoadOk("a");
  CHECK(home.Processes().size() == 3);
  REQUIRE(kill(home.LeaderOf("a").pid, SIGKILL) == 0);
  CHECK(Eventually([&] { return home.Processes().empty(); }));
  home.UnloadOk("a");
}

}  // namespace
}  // namespace warmup
