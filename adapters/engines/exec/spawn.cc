#include "adapters/engines/exec/spawn.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace warmup::exec {
namespace {

absl::Status SystemLimit(std::string_view doing, int error) {
  return MakeError(absl::StatusCode::kResourceExhausted, "SYSTEM_LIMIT",
                   absl::StrCat(std::string(doing), ": ",
                                std::generic_category().message(error)));
}

// Above the three that a child's own take the place of.
UniqueFd Above2(UniqueFd fd) {
  if (!fd.is_open() || fd.get() > STDERR_FILENO) return fd;
  return UniqueFd(fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

absl::StatusOr<Pipe> MakePipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return SystemLimit("making a pipe", errno);
  }
  Pipe pipe = {Above2(UniqueFd(ends[0])), Above2(UniqueFd(ends[1]))};
  if (!pipe.read.is_open() || !pipe.write.is_open()) {
    return SystemLimit("making a pipe", errno);
  }
  fcntl(pipe.read.get(), F_SETFL, O_NONBLOCK);
  return pipe;
}

// All that the child needs, made before the fork.
struct Plan {
  pid_t parent;
  int null;
  int output;
  int failure;
  int cgroup;  // its cgroup.procs; -1: none
  int cgroup_error;
  const char* folder;  // null: ours
  const char* program;
  char* const* argv;
  char* const* environment;
};

[[noreturn]] void Fail(const Plan& plan, LaunchFailure::Step step, int error) {
  const LaunchFailure failure = {step, error};
  const ssize_t written = write(plan.failure, &failure, sizeof(failure));
  static_cast<void>(written);
  _exit(127);
}

// The child's side: after a fork of a process with threads, so only what is
// safe in a signal handler.
[[noreturn]] void Run(const Plan& plan) {
  setsid();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != plan.parent) _exit(127);  // it died before that
  if (plan.cgroup_error != 0) {
    Fail(plan, LaunchFailure::Step::kCgroup, plan.cgroup_error);
  }
  if (plan.cgroup >= 0 && write(plan.cgroup, "0", 1) != 1) {
    Fail(plan, LaunchFailure::Step::kCgroup, errno);
  }
  dup2(plan.null, STDIN_FILENO);
  dup2(plan.output, STDOUT_FILENO);
  dup2(plan.output, STDERR_FILENO);
  if (plan.folder != nullptr && chdir(plan.folder) != 0) {
    Fail(plan, LaunchFailure::Step::kWorkingDirectory, errno);
  }
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) {
    sigaction(number, &action, nullptr);
  }
  // Of libraries that do not know of close-on-exec.
  syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execve(plan.program, plan.argv, plan.environment);
  Fail(plan, LaunchFailure::Step::kProgram, errno);
}

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const std::string& text : texts) {
    pointers.push_back(const_cast<char*>(text.c_str()));
  }
  pointers.push_back(nullptr);
  return pointers;
}

// No handler of ours may run in the child before it is the program's.
pid_t ForkAndRun(const Plan& plan) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = fork();
  if (pid == 0) Run(plan);
  const int error = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return pid;
}

}  // namespace

absl::StatusOr<Spawned> Spawn(const Launch& launch) {
  auto output = MakePipe();
  if (!output.ok()) return output.status();
  auto failure = MakePipe();
  if (!failure.ok()) return failure.status();
  const UniqueFd null =
      Above2(UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC)));
  if (!null.is_open()) return SystemLimit("opening /dev/null", errno);
  UniqueFd cgroup;
  int cgroup_error = 0;
  if (!launch.cgroup.empty()) {
    const std::string path = launch.cgroup + "/cgroup.procs";
    cgroup = Above2(UniqueFd(open(path.c_str(), O_WRONLY | O_CLOEXEC)));
    if (!cgroup.is_open()) cgroup_error = errno;
  }
  const std::vector<char*> argv = Pointers(launch.argv);
  const std::vector<char*> environment = Pointers(launch.environment);
  const Plan plan = {.parent = getpid(),
                     .null = null.get(),
                     .output = output->write.get(),
                     .failure = failure->write.get(),
                     .cgroup = cgroup.get(),
                     .cgroup_error = cgroup_error,
                     .folder = launch.working_directory.empty()
                                   ? nullptr
                                   : launch.working_directory.c_str(),
                     .program = launch.program.c_str(),
                     .argv = argv.data(),
                     .environment = environment.data()};
  Spawned spawned;
  spawned.pid = ForkAndRun(plan);
  if (spawned.pid < 0) return SystemLimit("starting a process", errno);
  spawned.pidfd =
      UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, spawned.pid, 0)));
  if (!spawned.pidfd.is_open()) {
    const int error = errno;
    kill(spawned.pid, SIGKILL);
    waitpid(spawned.pid, nullptr, 0);
    return SystemLimit("watching a process (pidfd_open)", error);
  }
  spawned.output = std::move(output->read);
  spawned.failure = std::move(failure->read);
  return spawned;
}

bool ReadFailure(const UniqueFd& failure, LaunchFailure* result,
                 bool* has_failed) {
  const ssize_t got = read(failure.get(), result, sizeof(*result));
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  *has_failed = got == static_cast<ssize_t>(sizeof(*result));
  return true;
}

}  // namespace warmup::exec
