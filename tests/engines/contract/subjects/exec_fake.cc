#include <signal.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "adapters/engines/http/http_client.h"
#include "tests/adapters/engines/exec/exec_fixture.h"
#include "tests/engines/contract/calls.h"
#include "tests/engines/contract/runner.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"

namespace warmup::contract {
namespace {

// The engine is what it is; its commands are servers of a script.
class ExecScripts final : public Subject {
 public:
  ExecScripts()
      : Subject(
            {.name = "exec (scripts)",
             .models = {"tiny", "small"},
             .broken = "broken",
             .cannot =
                 {{Ability::kUse,
                   "it is guessed from seconds of processor time"},
                  {Ability::kStream,
                   "these scripts serve no request that lasts"},
                  {Ability::kOthersLoad, "nobody else starts its commands"},
                  {Ability::kExpires, "a command stays until it is stopped"},
                  {Ability::kBrokenModel,
                   "a command has reasons of its own, in a scenario of its "
                   "own"},
                  {Ability::kRestart, "there is no server but its commands"},
                  {Ability::kDaemon, "a daemon starts its commands itself"},
                  {Ability::kHang, "there is no server but its commands"},
                  {Ability::kFaults, "there is no server but its commands"}},
             .manners = {.unload_cuts_requests = true,
                         .shows_loading = true}}) {
    std::vector<Command> commands;
    for (const std::string& model : description().models) {
      Command command = home_.Server(model, FreePort(), {"--mib", "8"});
      // It is told apart from one that is loading by what it has answered.
      command.argv = {home_.Script("held.sh",
                                   "while [ -e hold ]; do sleep 0.01; done\n"
                                   "exec \"$@\"\n"),
                      command.argv[0], command.argv[1], command.argv[2],
                      command.argv[3]};
      command.working_directory = home_.File(".");
      checks_.emplace(model, command.ready);
      commands.push_back(command);
    }
    Command broken = home_.Shell("broken", "");
    broken.argv = {home_.File("broken.sh")};
    std::filesystem::permissions(broken.argv[0],
                                 std::filesystem::perms::owner_read);
    commands.push_back(broken);
    home_.Start(commands);
  }

  Engine& engine() override { return home_.engine(); }
  bool IsLoaded(const std::string& model) override {
    const auto ready = checks_.find(model);
    if (ready == checks_.end()) return false;
    const std::string& url = ready->second.url;
    const size_t path = url.find('/', sizeof("http://"));
    const auto http = HttpClient::Create({.engine = "user",
                                          .endpoint = url.substr(0, path),
                                          .bearer_token = {}});
    if (!http.ok()) return false;
    const auto answer = (*http)->Get(url.substr(path), {});
    return answer.ok() && answer->status == 200;
  }
  int64_t MemoryBytes() override {
    int64_t bytes = 0;
    for (const exec::ProcessInfo& process : home_.Processes()) {
      bytes += exec::ReadMemoryBytes(process.pid);
    }
    return bytes;
  }

  absl::Status UnloadByHand(const std::string& model) override {
    return Signal(model, SIGTERM);
  }
  void HoldLoads(bool are_held) override {
    if (are_held) {
      home_.Script("hold", "");
    } else {
      std::filesystem::remove(home_.File("hold"));
    }
  }
  void AwaitLoading(const std::string& model) override {
    CHECK(Eventually([&] { return home_.FindLeader(model).has_value(); }));
  }
  void KillWorker(const std::string& model) override {
    CheckOk(Signal(model, SIGKILL));
    CHECK(Eventually([&] { return !home_.FindLeader(model).has_value(); }));
  }

 private:
  absl::Status Signal(const std::string& model, int signal) {
    const auto leader = home_.FindLeader(model);
    if (!leader.has_value()) return absl::NotFoundError(model);
    exec::SignalProcess(*leader, signal);
    return absl::OkStatus();
  }

  ExecHome home_;
  std::map<std::string, Readiness> checks_;
};

void BrokenCommandSaysWhy(Subject& subject) {
  const std::string& broken = subject.description().broken;
  LoadOk(subject, ModelA(subject));
  const absl::Status status = Load(subject, broken).status();
  CheckNamed(subject, status, broken);
  CHECK(absl::IsFailedPrecondition(status));
  CHECK(ReasonOf(status) == "COMMAND_NOT_EXECUTABLE");
  CHECK_FALSE(LooksReady(subject, broken));
  CHECK(LooksReady(subject, ModelA(subject)));
  UnloadOk(subject, broken);
  UnloadOk(subject, ModelA(subject));
}

TEST_CASE("Contract: exec, with scripts") {
  Run([] { return std::make_unique<ExecScripts>(); },
      {{"a command that cannot be run is refused, and all else goes on",
        {Ability::kLoad, Ability::kUnload},
        BrokenCommandSaysWhy}});
}

}  // namespace
}  // namespace warmup::contract
