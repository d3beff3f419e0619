#include "demo/daemon.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"

namespace warmup::demo {

absl::StatusOr<Daemon> Daemon::Start(const std::vector<std::string>& command,
                                     const std::string& log_path) {
  std::vector<char*> argv;
  for (const std::string& word : command) {
    argv.push_back(const_cast<char*>(word.c_str()));
  }
  argv.push_back(nullptr);
  const int log =
      open(log_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (log < 0) {
    return absl::InternalError(
        absl::StrCat("cannot write '", log_path, "': ", std::strerror(errno)));
  }
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) {
    setpgid(0, 0);  // Ctrl-C reaches us only; we stop it in order
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(127);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    execv(argv[0], argv.data());
    dprintf(STDERR_FILENO, "cannot start %s: %s\n", argv[0],
            std::strerror(errno));
    _exit(127);
  }
  close(log);
  if (pid < 0) {
    return absl::InternalError(absl::StrCat("fork: ", std::strerror(errno)));
  }
  return Daemon(pid, log_path);
}

Daemon::Daemon(pid_t pid, std::string log_path)
    : pid_(pid), log_path_(std::move(log_path)) {}

Daemon::Daemon(Daemon&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      wait_status_(other.wait_status_),
      log_path_(std::move(other.log_path_)) {}

Daemon::~Daemon() {
  if (pid_ > 0) Stop(absl::Seconds(5)).IgnoreError();
}

bool Daemon::IsAlive() {
  if (pid_ <= 0) return false;
  if (waitpid(pid_, &wait_status_, WNOHANG) != pid_) return true;
  pid_ = -1;
  return false;
}

int Daemon::exit_code() const {
  return WIFSIGNALED(wait_status_) ? 128 + WTERMSIG(wait_status_)
                                   : WEXITSTATUS(wait_status_);
}

absl::Status Daemon::Stop(absl::Duration patience) {
  if (!IsAlive()) return absl::UnavailableError("warmupd had ended already");
  kill(pid_, SIGTERM);
  const absl::Time deadline = absl::Now() + patience;
  while (IsAlive()) {
    if (absl::Now() > deadline) {
      kill(pid_, SIGKILL);
      waitpid(pid_, &wait_status_, 0);
      pid_ = -1;
      return absl::DeadlineExceededError(absl::StrCat(
          "warmupd did not end within ", absl::FormatDuration(patience)));
    }
    absl::SleepFor(absl::Milliseconds(10));
  }
  if (WIFEXITED(wait_status_) && WEXITSTATUS(wait_status_) == 0) {
    return absl::OkStatus();
  }
  return absl::InternalError(
      WIFSIGNALED(wait_status_)
          ? absl::StrCat("warmupd died of signal ", WTERMSIG(wait_status_))
          : absl::StrCat("warmupd ended with ", WEXITSTATUS(wait_status_)));
}

std::string Daemon::LogTail() const {
  std::ifstream file(log_path_);
  std::stringstream text;
  text << file.rdbuf();
  std::vector<std::string> lines = absl::StrSplit(text.str(), '\n');
  constexpr size_t kLines = 15;
  const auto begin =
      lines.size() > kLines ? lines.end() - kLines : lines.begin();
  return absl::StrJoin(begin, lines.end(), "\n");
}

}  // namespace warmup::demo
