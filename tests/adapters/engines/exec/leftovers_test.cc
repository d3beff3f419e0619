#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "adapters/engines/exec/exec_engine.h"
#include "adapters/engines/exec/kin.h"
#include "tests/adapters/engines/exec/exec_fixture.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"

namespace warmup {
namespace {

// A process of its own that holds an engine with one command that is ready:
// the leader, a child, and one in a session of its own.
class Owner {
 public:
  explicit Owner(const ExecHome& home) {
    const std::string script = home.Script(
        "leave.sh", "sleep 600 &\nsetsid sleep 600 &\necho I am ready\nwait\n");
    const std::string folder = home.File(".");
    const std::string log = home.File("owner.log");
    const int fd = open(log.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    REQUIRE(fd >= 0);
    pid_ = fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      dup2(fd, STDOUT_FILENO);
      execl(EXEC_ENGINE_OWNER, EXEC_ENGINE_OWNER, home.id().c_str(),
            folder.c_str(), script.c_str(), nullptr);
      _exit(127);
    }
    close(fd);
    CHECK(home.Await("owner.log") == "OK\n");
    CHECK(home.Processes().size() == 3);
  }
  ~Owner() { Kill(); }
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;

  pid_t pid() const { return pid_; }
  void Kill() {
    if (pid_ < 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

 private:
  pid_t pid_ = -1;
};

TEST_CASE("ExecEngine: commands of a warmupd that was killed are ended") {
  ExecHome home;
  Owner owner(home);
  pid_t leader = -1;
  for (const exec::ProcessInfo& process : home.Processes()) {
    if (process.parent == owner.pid()) leader = process.pid;
  }
  REQUIRE(leader > 0);
  owner.Kill();
  // By the system, without us.
  CHECK(Eventually([&] {
    const auto process = exec::ReadProcess(leader);
    return !process.has_value() || !process->is_alive();
  }));
  home.Start({home.Shell("a", "")});  // any engine
  CHECK(home.Processes().empty());
}

TEST_CASE("ExecEngine: commands of a warmupd that lives are left alone") {
  ExecHome home;
  {
    Owner owner(home);
    home.Start({home.Shell("a", "")});
    CHECK(exec::EndLeftovers(absl::ZeroDuration()).empty());
    CHECK(home.Processes().size() == 3);
  }
  exec::EndLeftovers(kPatience);
}

TEST_CASE("ExecEngine: a marker tells its owner, whatever the model's name") {
  const std::string marker = exec::MakeMarker("engine", "org/model-1-2-3");
  const auto owner = exec::ParseOwner(marker);
  REQUIRE(owner.has_value());
  CHECK(owner->pid == getpid());
  CHECK(owner->start_ticks == exec::ReadProcess(getpid())->start_ticks);
  CHECK(marker != exec::MakeMarker("engine", "org/model-1-2-3"));
  for (const char* text : {"", "/", "a/b", "a/b/1-2-3", "a/b/1-x-3-4",
                           "a/b/1-2-x-4", "a/b/1-2-3-4-5"}) {
    INFO(text);
    CHECK_FALSE(exec::ParseOwner(text).has_value());
  }
}

}  // namespace
}  // namespace warmup
