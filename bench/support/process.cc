#include "bench/support/process.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "bench/support/table.h"

namespace warmup::bench {

Process::Process(const std::vector<std::string>& command,
                 const std::string& log)
    : log_(log) {
  std::vector<char*> argv;
  for (const std::string& word : command) {
    argv.push_back(const_cast<char*>(word.c_str()));
  }
  argv.push_back(nullptr);
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (out < 0) Fail(absl::StrCat("cannot write ", log));
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(127);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    execv(argv[0], argv.data());
    _exit(127);
  }
  close(out);
  if (pid_ < 0) Fail(absl::StrCat("fork: ", std::strerror(errno)));
}

Process::~Process() {
  if (pid_ <= 0) return;
  kill(pid_, SIGTERM);
  waitpid(pid_, nullptr, 0);
}

void Process::MustBeAlive() {
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return;
  pid_ = -1;
  Fail(absl::StrCat("a server has ended; it said:\n", ReadFile(log_)));
}

double Process::RssMb() const {
  const std::string path = absl::StrCat("/proc/", pid_, "/statm");
  const std::vector<std::string> words = absl::StrSplit(ReadFile(path), ' ');
  double pages = 0;
  if (words.size() < 2 || !absl::SimpleAtod(words[1], &pages)) {
    Fail(absl::StrCat("cannot read ", path));
  }
  return pages * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

double Process::CpuSeconds() const {
  const std::string path = absl::StrCat("/proc/", pid_, "/stat");
  const std::string text = ReadFile(path);
  // The name, in parentheses, may hold anything: count from behind it.
  const std::vector<std::string> words =
      absl::StrSplit(text.substr(text.rfind(')') + 2), ' ');
  double user = 0, system = 0;
  if (words.size() < 13 || !absl::SimpleAtod(words[11], &user) ||
      !absl::SimpleAtod(words[12], &system)) {
    Fail(absl::StrCat("cannot read ", path));
  }
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

void Pin(pid_t pid, std::optional<int> cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (!cpu.has_value() || i == *cpu) CPU_SET(i, &set);
  }
  const std::string tasks = absl::StrCat("/proc/", pid, "/task");
  for (const auto& task : std::filesystem::directory_iterator(tasks)) {
    pid_t thread = 0;
    if (absl::SimpleAtoi(task.path().filename().string(), &thread)) {
      // A thread may have ended meanwhile.
      sched_setaffinity(thread, sizeof(set), &set);
    }
  }
}

TemporaryFolder::TemporaryFolder() {
  const char* base = std::getenv("TMPDIR");
  path_ = absl::StrCat(base != nullptr ? base : "/tmp", "/warmup-bench-XXXXXX");
  if (mkdtemp(path_.data()) == nullptr) {
    Fail(absl::StrCat("cannot make ", path_, ": ", std::strerror(errno)));
  }
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string BuildFolder(const char* argv0) {
  return std::filesystem::canonical(argv0)
      .parent_path()
      .parent_path()
      .parent_path()
      .string();
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void WriteFile(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}

}  // namespace warmup::bench
