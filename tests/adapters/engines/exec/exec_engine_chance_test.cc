#include <signal.h>

#include <random>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "adapters/engines/exec/exec_engine.h"
#include "tests/adapters/engines/exec/exec_fixture.h"
#include "tests/support/catch.h"

namespace warmup {
namespace {

constexpr int kRounds = 200;

TEST_CASE("ExecEngine: whatever happens to a load leaves nothing behind") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  ExecHome home;
  const std::string kin =
      "setsid sleep 600 &\n(sleep 600; :) &\n"
      "python3 -c 'import os, time; os.setpgid(0, 0); time.sleep(600)' &\n";
  std::vector<Command> commands = {
      home.Shell("quick", "echo I am ready\nexec sleep 600\n"),
      home.Shell("kin", kin + "sleep 0.05\necho I am ready\nwait\n"),
      home.Shell("deaf", "trap '' TERM\n" + kin + "echo I am ready\nwait\n"),
      // Each starts the next, leaves it and ends.
      home.Shell("leaver", "(setsid sh -c '(sleep 600 &)' &)\n"),
      home.Server("server", FreePort(), {"--child", "1"})};
  for (Command& command : commands) command.grace = absl::Milliseconds(50);
  home.Start(commands);
  for (int round = 0; round < kRounds; ++round) {
    const std::string model = commands[random() % commands.size()].model;
    // Within what a load takes.
    const absl::Time when =
        absl::Now() + absl::Microseconds(random() % 150'000);
    const int what = static_cast<int>(random() % 3);
    CAPTURE(round, model, what);
    bool is_killed = false;
    ControlBy control([&] {
      if (absl::Now() < when) return false;
      if (what == 0) return true;
      if (!is_killed && what == 1) {
        for (const exec::ProcessInfo& process : home.Processes()) {
          kill(process.pid, SIGKILL);
          is_killed = true;
          if (random() % 2 == 0) break;
        }
      }
      return absl::Now() > when + absl::Seconds(5);
    });
    const auto result = home.engine().Load(home.Spec(model), control);
    const bool is_ready = home.LookAt(model).residency.tier == Tier::kReady;
    if (!result.ok()) {
      INFO(result.status().ToString());
      CHECK_FALSE(is_ready);
      if (model == "leaver" && !absl::IsCancelled(result.status()) &&
          !is_killed) {
        CHECK(ReasonOf(result.status()) == "COMMAND_LEFT");
      }
      REQUIRE(home.Processes().empty());
      continue;
    }
    CHECK((is_ready || is_killed));
    if (random() % 2 == 0) {
      for (const exec::ProcessInfo& process : home.Processes()) {
        if (random() % 2 == 0) kill(process.pid, SIGKILL);
      }
    }
    home.UnloadOk(model);
    REQUIRE(home.Processes().empty());
  }
  for (const Command& command : commands) {
    if (command.model != "leaver") home.LoadOk(command.model);
  }
}

}  // namespace
}  // namespace warmup
