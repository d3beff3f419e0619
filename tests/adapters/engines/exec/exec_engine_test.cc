#include "adapters/engines/exec/exec_engine.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "adapters/engines/exec/cgroup.h"
#include "adapters/engines/http/http_client.h"
#include "tests/adapters/engines/exec/exec_fixture.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"

namespace warmup {
namespace {

constexpr int64_t kMiB = int64_t{1} << 20;

TEST_CASE("ExecEngine: a command runs while its model is warm") {
  ExecHome home;
  const int port = FreePort();
  Command by_url = home.Server("url", port);
  Command by_port = home.Server("port", FreePort());
  by_port.ready = {.port = std::stoi(by_port.argv[1])};
  Command by_line = home.Shell("line", "echo I am ready now\nexec sleep 600\n");
  home.Start({by_url, by_port, by_line});
  for (const std::string model : {"url", "port", "line"}) {
    INFO(model);
    CHECK(home.LookAt(model).residency.tier == Tier::kCold);
    const LoadResult result = home.LoadOk(model);
    CHECK(result.residency.tier == Tier::kReady);
    CHECK(result.residency.resident_bytes > 0);
    CHECK(result.residency.resident_bytes == result.residency.total_bytes);
    CHECK(home.LookAt(model).residency.tier == Tier::kReady);
    CHECK_FALSE(home.LookAt(model).is_loading);
  }
  CHECK(home.Processes().size() == 3);
  for (const std::string model : {"url", "port", "line"}) {
    const pid_t pid = home.LeaderOf(model).pid;
    home.UnloadOk(model);
    CHECK(kill(-pid, 0) != 0);
    CHECK(home.LookAt(model).residency.tier == Tier::kCold);
    CHECK_FALSE(home.LookAt(model).was_unloaded);
    home.UnloadOk(model);
  }
  CHECK(home.Processes().empty());
  CHECK(home.ended().empty());
}

TEST_CASE("ExecEngine: tells of itself and its models") {
  ExecHome home;
  Command command = home.Shell("a", "exec sleep 600\n");
  command.size_bytes = 7 * kMiB;
  ExecEngine& engine = home.Start({command});
  CHECK(engine.info().id == home.id());
  CHECK(engine.info().kind == "exec");
  CHECK(engine.info().abilities == kExecAbilities);
  const auto models = engine.Discover();
  REQUIRE(models.ok());
  REQUIRE(models->size() == 1);
  CHECK(models->front().source == "a");
  CHECK(models->front().size_bytes == 7 * kMiB);
  CHECK(ValidateSpec(models->front()).ok());
  CHECK(engine.Describe(home.Spec("a"))->size_bytes == 7 * kMiB);
  const absl::Status unknown = engine.Describe(home.Spec("b")).status();
  CHECK(absl::IsNotFound(unknown));
  CHECK(ReasonOf(unknown) == "MODEL_NOT_FOUND");
  CHECK(absl::IsNotFound(home.Load("b").status()));
  CHECK(engine.Unload(home.Spec("b")).ok());
  CHECK(home.LookAt("b").residency.tier == Tier::kCold);
}

TEST_CASE("ExecEngine: a load of a model that is ready changes nothing") {
  ExecHome home;
  home.Start({home.Server("a", FreePort())});
  home.LoadOk("a");
  const pid_t pid = home.LeaderOf("a").pid;
  CHECK(home.LoadOk("a").start == LoadStart::kReady);
  CHECK(home.LeaderOf("a").pid == pid);
}

TEST_CASE("ExecEngine: measures the memory of all that a command started") {
  ExecHome home;
  home.Start({home.Server("a", FreePort(), {"--mib", "64", "--child", "32"})});
  home.LoadOk("a");
  REQUIRE(Eventually([&] { return !home.lines().empty(); }));  // "child"
  CHECK(home.Processes().size() == 2);
  const int64_t bytes = home.LoadOk("a").residency.resident_bytes;
  CHECK(bytes > 96 * kMiB);
  CHECK(bytes < 160 * kMiB);
  CHECK(home.LookAt("a").residency.resident_bytes == bytes);
}

TEST_CASE("ExecEngine: nothing leaves the control group of its command") {
  const std::string parent = exec::OwnCgroup();
  const std::string probe =
      parent.empty() ? "" : exec::MakeCgroup(parent, "probe");
  if (probe.empty()) {
    WARN("left out: no control group can be made here");
    return;
  }
  exec::RemoveCgroup(probe);
  ExecHome home;
  // Away from its group, session, parent and marker.
  Command command = home.Shell("a",
                               "(env -i setsid sh -c 'echo $$ > away.pid\n"
                               "exec sleep 600' &)\n"
                               "until [ -s away.pid ]; do sleep 0.01; done\n"
                               "cat /proc/self/cgroup > cgroup\n"
                               "echo I am ready\nexec sleep 600\n");
  command.grace = absl::Milliseconds(100);
  auto options = home.Options({command});
  options.cgroup = parent;
  home.Start(std::move(options));
  CHECK(home.LoadOk("a").residency.resident_bytes > 0);
  const pid_t away = std::stoi(home.Await("away.pid"));
  CHECK(exec::ReadProcess(away).has_value());
  CHECK_THAT(home.Await("cgroup"), Catch::Contains("/warmupd-exec-"));
  home.UnloadOk("a");
  const auto left = exec::ReadProcess(away);
  CHECK((!left.has_value() || !left->is_alive()));
  const std::string ours = absl::StrCat("-", getpid(), "-");
  for (const auto& entry : std::filesystem::directory_iterator(parent)) {
    CHECK_THAT(entry.path().filename().string(), !Catch::Contains(ours));
  }
}

TEST_CASE("ExecEngine: a command inherits nothing but the environment") {
  // Not for it: they configure us, or tell systemd things in our name.
  setenv("WARMUPD_TOKEN", "secret", 1);
  setenv("NOTIFY_SOCKET", "/run/systemd/notify", 1);
  setenv("FROM_US", "inherited", 1);
  // As of a library that does not close on exec, and a daemon that ignores.
  const int leak = dup(STDERR_FILENO);
  const auto before = signal(SIGUSR1, SIG_IGN);
  ExecHome home;
  Command command = home.Shell("a",
                               "env > env; ls /proc/self/fd > fds\n"
                               "grep Sig /proc/self/status > signals\n"
                               "cat > stdin; pwd > pwd; echo I am ready\n"
                               "exec sleep 600\n");
  command.environment = {{"ADDED", "a b\"c"}, {"FROM_US", "replaced"}};
  home.Start({command});
  home.LoadOk("a");
  signal(SIGUSR1, before);
  close(leak);
  for (const char* name : {"WARMUPD_TOKEN", "NOTIFY_SOCKET", "FROM_US"}) {
    unsetenv(name);
  }
  const std::string environment = home.Await("env");
  CHECK_THAT(environment, Catch::Contains("ADDED=a b\"c\n"));
  CHECK_THAT(environment, Catch::Contains("FROM_US=replaced\n"));
  CHECK_THAT(environment, Catch::Contains("PATH="));
  CHECK_THAT(environment, !Catch::Contains("WARMUPD_TOKEN"));
  CHECK_THAT(environment, !Catch::Contains("NOTIFY_SOCKET"));
  CHECK(home.Await("fds") == "0\n1\n2\n3\n");  // 3: ls reads the folder
  const std::string signals = home.Await("signals");
  CHECK_THAT(signals, Catch::Contains("SigBlk:\t0000000000000000"));
  CHECK_THAT(signals, Catch::Contains("SigIgn:\t0000000000000000"));
  CHECK(std::filesystem::file_size(home.File("stdin")) == 0);
  CHECK(std::filesystem::equivalent(
      home.Await("pwd").substr(0, home.Await("pwd").size() - 1),
      home.File(".")));
}

TEST_CASE("ExecEngine: all that a command started gets the stop signal") {
  ExecHome home;
  // In the group, in a group of its own, in a session of its own.
  Command command = home.Shell(
      "a",
      "trap 'echo leader > leader; exit 0' USR1\n"
      "sh other.sh group &\n"
      "python3 -c 'import os; os.setpgid(0, 0); os.execlp(\"sh\", \"sh\", "
      "\"other.sh\", \"own\")' &\n"
      "setsid sh other.sh session &\n"
      "until [ -e group.up -a -e own.up -a -e session.up ]; do sleep 0.01\n"
      "done\necho I am ready\nwhile :; do sleep 0.01; done\n");
  home.Script("other.sh",
              "trap \"echo $1 > $1; exit 0\" USR1\necho up > $1.up\n"
              "while :; do sleep 0.01; done\n");
  command.stop_signal = SIGUSR1;
  home.Start({command});
  home.LoadOk("a");
  CHECK(home.Processes().size() >= 4);
  home.UnloadOk("a");
  for (const std::string name : {"leader", "group", "own", "session"}) {
    INFO(name);
    CHECK(home.Await(name) == name + "\n");
  }
  CHECK(home.Processes().empty());
}

TEST_CASE(
    "ExecEngine: what ignores the stop signal is killed after the grace") {
  ExecHome home;
  Command command = home.Server("a", FreePort(), {"--ignore-term"});
  command.grace = absl::Milliseconds(300);
  home.Start({command});
  home.LoadOk("a");
  const absl::Time start = absl::Now();
  home.UnloadOk("a");
  const absl::Duration took = absl::Now() - start;
  CHECK(took >= absl::Milliseconds(300));
  CHECK(took < absl::Seconds(20));
  CHECK(home.Processes().empty());
}

TEST_CASE("ExecEngine: a command that was stopped can be unloaded") {
  ExecHome home;
  home.Start({home.Server("a", FreePort())});
  home.LoadOk("a");
  REQUIRE(kill(home.LeaderOf("a").pid, SIGSTOP) == 0);
  const absl::Time start = absl::Now();
  home.UnloadOk("a");
  CHECK(absl::Now() - start < absl::Seconds(9));  // not by the grace's end
}

TEST_CASE("ExecEngine: stops its commands when it goes") {
  ExecHome home;
  Command polite =
      home.Shell("polite",
                 "trap 'echo bye > bye; exit 0' TERM\necho I am ready\n"
                 "while :; do sleep 0.01; done\n");
  home.Start({polite, home.Server("server", FreePort())});
  home.LoadOk("polite");
  home.LoadOk("server");
  home.Stop();
  CHECK(home.Await("bye") == "bye\n");
  CHECK(home.Processes().empty());
  CHECK(home.ended().empty());
}

TEST_CASE("ExecEngine: shows a model that is being loaded") {
  ExecHome home;
  home.Start({home.Shell("a",
                         "until [ -e go ]; do sleep 0.01; done\n"
                         "echo I am ready\nexec sleep 600\n")});
  absl::StatusOr<LoadResult> result = absl::UnknownError("");
  std::thread load([&] { result = home.Load("a"); });
  const bool is_seen = Eventually([&] { return home.LookAt("a").is_loading; });
  const Sighting sighting = home.LookAt("a");
  home.Script("go", "");
  load.join();
  CHECK(is_seen);
  CHECK(sighting.residency.tier == Tier::kCold);
  CHECK(result.ok());
  CHECK_FALSE(home.LookAt("a").is_loading);
}

TEST_CASE("ExecEngine: takes processor time for use once it has been idle") {
  ExecHome home;
  const Command command = home.Server("a", FreePort());
  home.Start({command});
  home.LoadOk("a");
  const auto http = HttpClient::Create(
      {.engine = "user",
       .endpoint = absl::StrCat("http://127.0.0.1:", command.argv[1]),
       .bearer_token = {}});
  REQUIRE(http.ok());
  int64_t uses = 0;
  // Its start is no use; the second look at the earliest finds it idle.
  const absl::Time idle = absl::Now() + absl::Milliseconds(900);
  REQUIRE(Eventually([&] {
    uses += home.LookAt("a").uses;
    return absl::Now() > idle;
  }));
  CHECK(uses == 0);
  absl::StatusOr<HttpResponse> answer = absl::UnknownError("none yet");
  std::thread user(
      [&] { answer = (*http)->Get("/burn", {.timeout = kPatience}); });
  const bool is_busy = Eventually([&] {
    const Sighting sighting = home.LookAt("a");
    uses += sighting.uses;
    return sighting.is_busy;
  });
  user.join();
  CHECK(answer.ok());
  CHECK(is_busy);
  CHECK(Eventually([&] {
    const Sighting sighting = home.LookAt("a");
    uses += sighting.uses;
    return !sighting.is_busy;
  }));
  CHECK(uses == 1);
}

TEST_CASE("ExecEngine: names the field of a command that is wrong") {
  ExecHome home;
  const Command good = home.Shell("a", "");
  const auto field_of = [&](const std::function<void(Command&)>& spoil) {
    Command bad = good;
    spoil(bad);
    const auto engine = ExecEngine::Create(home.Options({good, bad}));
    INFO(engine.status().ToString());
    CHECK(absl::IsInvalidArgument(engine.status()));
    return GetErrorDetails(engine.status()).metadata["field"];
  };
  const auto spoiled = [&](const std::function<void(Command&)>& spoil) {
    return field_of([&](Command& bad) {
      bad.model = "b";
      spoil(bad);
    });
  };
  CHECK(field_of([](Command&) {}) == "commands[1].model");
  CHECK(spoiled([](Command& c) { c.model = "a b"; }) == "commands[1].model");
  CHECK(spoiled([](Command& c) { c.argv = {}; }) == "commands[1].argv");
  CHECK(spoiled([](Command& c) { c.argv = {""}; }) == "commands[1].argv");
  CHECK(spoiled([](Command& c) { c.argv.emplace_back("a\0b", 3); }) ==
        "commands[1].argv[1]");
  for (const char* name : {"", "A=B", "WARMUPD_EXEC"}) {
    CHECK(spoiled([&](Command& c) { c.environment[name] = ""; }) ==
          "commands[1].environment");
  }
  CHECK(spoiled([](Command& c) { c.working_directory = "tmp"; }) ==
        "commands[1].working_directory");
  CHECK(spoiled([](Command& c) { c.stop_signal = 0; }) ==
        "commands[1].stop_signal");
  CHECK(spoiled([](Command& c) { c.grace = -absl::Seconds(1); }) ==
        "commands[1].grace");
  CHECK(spoiled([](Command& c) { c.size_bytes = -1; }) ==
        "commands[1].size_bytes");
  CHECK(spoiled([](Command& c) { c.ready = {}; }) == "commands[1].ready");
  CHECK(spoiled([](Command& c) { c.ready.port = 80; }) == "commands[1].ready");
  CHECK(spoiled([](Command& c) { c.ready = {.port = 65'536}; }) ==
        "commands[1].ready.port");
  CHECK(spoiled([](Command& c) { c.ready.line = "a\nb"; }) ==
        "commands[1].ready.line");
  for (const char* url :
       {"ftp://127.0.0.1/", "http://example.org/", "http://127.0.0.1:0/",
        "http://127.0.0.1:99999/", "http://127.0.0.1:x/", "http:///health",
        "http://u:p@127.0.0.1/", "http://127.0.0.1/a#b", "http://[::1/",
        "http://127.0.0.1/a b", "127.0.0.1:80"}) {
    INFO(url);
    CHECK(spoiled([&](Command& c) { c.ready = {.url = url}; }) ==
          "commands[1].ready.url");
  }
  CHECK(absl::IsInvalidArgument(ExecEngine::Create(home.Options({})).status()));
  auto options = home.Options({good});
  options.id = "";
  CHECK(absl::IsInvalidArgument(ExecEngine::Create(options).status()));
}

}  // namespace
}  // namespace warmup
