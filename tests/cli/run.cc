#include "tests/cli/run.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace warmup::cli {
namespace {

std::vector<char*> Arguments(std::vector<std::string>* words) {
  std::vector<char*> arguments;
  for (std::string& word : *words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  return arguments;
}

int ExitCodeOf(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

void WriteFile(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}

std::string ReadFile(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

RunResult RunProgram(const std::vector<std::string>& words,
                     const std::string& input) {
  const TempFolder folder;
  WriteFile(folder.File("in"), input);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  const auto redirect = [&](int fd, const char* name, int flags) {
    posix_spawn_file_actions_addopen(&actions, fd, (folder.File(name)).c_str(),
                                     flags, 0600);
  };
  redirect(STDIN_FILENO, "in", O_RDONLY);
  redirect(STDOUT_FILENO, "out", O_WRONLY | O_CREAT);
  redirect(STDERR_FILENO, "err", O_WRONLY | O_CREAT);
  std::vector<std::string> copies = words;
  pid_t pid = -1;
  const int error = posix_spawnp(&pid, copies.front().c_str(), &actions,
                                 nullptr, Arguments(&copies).data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::runtime_error("cannot run " + words.front());
  int status = 0;
  waitpid(pid, &status, 0);
  return {ExitCodeOf(status), ReadFile(folder.File("out")),
          ReadFile(folder.File("err"))};
}

RunResult CliFixture::Run(std::vector<std::string> words,
                          const std::string& input) {
  words.insert(words.begin(), {WARMUPCTL, "--target", target()});
  return RunProgram(words, input);
}

std::string CliFixture::Json(std::vector<std::string> words) {
  words.insert(words.begin(), {"-o", "json"});
  return Run(words).out;
}

TerminalRun::TerminalRun(const std::vector<std::string>& words) {
  std::vector<std::string> copies = words;
  const std::vector<char*> arguments = Arguments(&copies);
  const winsize size{30, 100, 0, 0};
  pid_ = forkpty(&fd_, nullptr, nullptr, &size);
  if (pid_ < 0) throw std::runtime_error("forkpty");
  if (pid_ > 0) return;
  setenv("TERM", "xterm", 1);
  unsetenv("NO_COLOR");
  execvp(arguments[0], arguments.data());
  _exit(127);
}

TerminalRun::~TerminalRun() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  close(fd_);
}

bool TerminalRun::ReadSome() {
  pollfd ready{fd_, POLLIN, 0};
  if (poll(&ready, 1, 20000) <= 0) return false;
  std::array<char, 4096> buffer{};
  const ssize_t size = read(fd_, buffer.data(), buffer.size());
  if (size <= 0) return false;  // also EIO: the program has ended
  output_.append(buffer.data(), static_cast<size_t>(size));
  return true;
}

bool TerminalRun::ReadUntil(const std::string& text) {
  while (output_.find(text) == std::string::npos) {
    if (!ReadSome()) return false;
  }
  return true;
}

void TerminalRun::Signal(int signal) { kill(pid_, signal); }

int TerminalRun::Wait() {
  while (ReadSome()) {
  }
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  return ExitCodeOf(status);
}

}  // namespace warmup::cli
