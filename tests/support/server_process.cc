#include "tests/support/server_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <utility>

#include "adapters/engines/http/http_client.h"
#include "tests/support/catch.h"
#include "tests/support/eventually.h"

namespace warmup {
namespace {

// What there is of it: of a process that ends meanwhile, reading fails.
std::string FileText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text;
  for (char block[4096];
       file.read(block, sizeof(block)) || file.gcount() > 0;) {
    text.append(block, static_cast<size_t>(file.gcount()));
  }
  return text;
}

// A server that crashes prints its stack last.
std::string LastLines(const std::string& text) {
  constexpr int kLines = 60;
  size_t begin = text.size();
  for (int lines = 0; begin > 0; --begin) {
    if (text[begin - 1] == '\n' && ++lines > kLines) break;
  }
  return text.substr(begin);
}

// State and group of a process, by /proc/<pid>/stat; "?" when it is gone.
std::pair<char, pid_t> StateOf(const std::string& proc) {
  const std::string text = FileText(proc + "/stat");
  const size_t end = text.rfind(')');  // of its name, which may hold anything
  if (end == std::string::npos) return {'?', 0};
  std::istringstream rest(text.substr(end + 1));
  char state = '?';
  pid_t parent = 0;
  pid_t group = 0;
  rest >> state >> parent >> group;
  return {state, group};
}

// A thread may still answer a little after its process was sent SIGSTOP.
bool AreAllThreadsStopped(pid_t pid) {
  std::error_code error;  // it may end meanwhile
  std::filesystem::directory_iterator task(
      "/proc/" + std::to_string(pid) + "/task", error);
  for (; !error && task != std::filesystem::directory_iterator();
       task.increment(error)) {
    const char state = StateOf(task->path()).first;
    if (state != 'T' && state != '?') return false;
  }
  return true;
}

std::vector<std::string> EnvironmentWith(
    const std::map<std::string, std::string>& more) {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string variable(*entry);
    if (!more.contains(variable.substr(0, variable.find('=')))) {
      environment.push_back(variable);
    }
  }
  for (const auto& [name, value] : more) {
    environment.push_back(name + "=" + value);
  }
  return environment;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Splits "http://127.0.0.1:1/health" before its path.
std::pair<std::string, std::string> SplitUrl(const std::string& url) {
  const size_t slash = url.find('/', url.find("://") + 3);
  REQUIRE(slash != std::string::npos);
  return {url.substr(0, slash), url.substr(slash)};
}

}  // namespace

int FreePort() {
  // A port that was given away is free until its server listens.
  static std::set<int> given;
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(fd >= 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  REQUIRE(bind(fd, reinterpret_cast<sockaddr*>(&address), length) == 0);
  REQUIRE(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0);
  const int port = ntohs(address.sin_port);
  const bool is_new = given.insert(port).second;
  const int result = is_new ? port : FreePort();
  close(fd);
  return result;
}

ServerProcess::ServerProcess(Options options) : options_(std::move(options)) {
  REQUIRE_FALSE(options_.command.empty());
}

ServerProcess::~ServerProcess() { Kill(); }

void ServerProcess::Start(const std::map<std::string, std::string>& more) {
  REQUIRE(pid_ < 0);
  std::map<std::string, std::string> variables = more;
  variables.insert(options_.environment.begin(), options_.environment.end());
  std::vector<std::string> command = options_.command;
  std::vector<std::string> environment = EnvironmentWith(variables);
  const std::vector<char*> argv = Pointers(command);
  const std::vector<char*> envp = Pointers(environment);
  const int log = open(options_.log_path.c_str(),
                       O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  REQUIRE(log >= 0);
  pid_ = fork();
  if (pid_ == 0) {  // from here on only what is safe after a fork
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!options_.folder.empty() && chdir(options_.folder.c_str()) != 0) {
      _exit(127);
    }
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    execvpe(argv[0], argv.data(), envp.data());
    _exit(127);
  }
  close(log);
  REQUIRE(pid_ > 0);
  setpgid(pid_, pid_);  // whichever of both comes first
  Guard();
  if (options_.ready_url.empty()) return;
  const auto url = SplitUrl(options_.ready_url);
  auto http = HttpClient::Create(
      {.engine = "user", .endpoint = url.first, .bearer_token = {}});
  REQUIRE(http.ok());
  const bool is_up = Eventually([&] {
    const auto answer = (*http)->Get(url.second, {});
    return (answer.ok() && answer->status == 200) || Processes().empty();
  });
  INFO(Log());
  REQUIRE(is_up);
  REQUIRE_FALSE(Processes().empty());
}

void ServerProcess::Guard() {
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  guard_ = fork();
  if (guard_ == 0) {
    setpgid(0, 0);
    // Nothing else of the test's is kept open by it.
    dup2(ends[0], 0);
    close_range(1, ~0U, 0);
    char byte = 0;
    while (read(0, &byte, 1) > 0) {
    }
    kill(-pid_, SIGKILL);
    _exit(0);
  }
  close(ends[0]);
  guard_pipe_ = ends[1];
  REQUIRE(guard_ > 0);
}

void ServerProcess::Kill() {
  if (pid_ < 0) return;
  std::fputs(UnforeseenEnd().c_str(), stderr);
  // Before the leader is reaped: until then its group's number is nobody
  // else's.
  kill(-pid_, SIGKILL);
  if (guard_ > 0) {
    kill(guard_, SIGKILL);
    waitpid(guard_, nullptr, 0);
    close(guard_pipe_);
    guard_ = -1;
  }
  const bool has_ended = Eventually([this] { return Processes().empty(); });
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
  // Of one that outlives the tests, nothing is left to check with.
  if (!has_ended) FAIL_CHECK("it has not ended");
}

void ServerProcess::Stop(const std::string& part) const {
  REQUIRE(pid_ > 0);
  REQUIRE_FALSE(Processes(part).empty());
  REQUIRE(Eventually([&] {
    bool are_stopped = true;
    // There may be one more by now, which was about to be.
    for (const Process& process : Processes(part)) {
      if (AreAllThreadsStopped(process.pid)) continue;
      are_stopped = false;
      kill(process.pid, SIGSTOP);
    }
    return are_stopped;
  }));
}

void ServerProcess::Continue() const {
  if (pid_ > 0) kill(-pid_, SIGCONT);
}

std::string ServerProcess::UnforeseenEnd() const {
  if (pid_ < 0) return {};
  siginfo_t end{};
  // It is not reaped: until Kill, its group's number is nobody else's.
  if (waitid(P_PID, static_cast<id_t>(pid_), &end,
             WEXITED | WNOHANG | WNOWAIT) != 0 ||
      end.si_pid != pid_) {
    return {};
  }
  const std::string how =
      end.si_code == CLD_EXITED
          ? "exited with status " + std::to_string(end.si_status)
          : "was ended by signal " + std::to_string(end.si_status) + " (" +
                strsignal(end.si_status) + ")";
  return "SERVER ENDED: " + options_.command.front() + " " + how +
         "; the last of its log:\n" + LastLines(Log()) + "\n";
}

std::vector<ServerProcess::Process> ServerProcess::Processes(
    const std::string& part) const {
  std::vector<pid_t> pids;
  std::error_code ignored;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc", ignored)) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") == std::string::npos) {
      pids.push_back(static_cast<pid_t>(std::stol(name)));
    }
  }
  return Living(pids, part);
}

std::vector<ServerProcess::Process> ServerProcess::Children(
    const std::string& part) const {
  std::vector<pid_t> pids;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(
           "/proc/" + std::to_string(pid_) + "/task", ignored)) {
    std::istringstream children(FileText(entry.path() / "children"));
    for (pid_t pid = 0; children >> pid;) pids.push_back(pid);
  }
  return Living(pids, part);
}

std::vector<ServerProcess::Process> ServerProcess::Living(
    const std::vector<pid_t>& pids, const std::string& part) const {
  std::vector<Process> processes;
  if (pid_ < 0) return processes;
  for (const pid_t pid : pids) {
    const std::string proc = "/proc/" + std::to_string(pid);
    const auto [state, group] = StateOf(proc);
    if (group != pid_ || state == 'Z' || state == 'X') continue;
    std::string command = FileText(proc + "/cmdline");
    std::replace(command.begin(), command.end(), '\0', ' ');
    if (command.find(part) == std::string::npos) continue;
    processes.push_back({.pid = pid,
                         .command = std::move(command),
                         .is_stopped = state == 'T'});
  }
  return processes;
}

int ServerProcess::SignalTo(const std::string& part, int signal) const {
  const std::vector<Process> processes = Processes(part);
  for (const Process& process : processes) kill(process.pid, signal);
  return static_cast<int>(processes.size());
}

int64_t ServerProcess::ResidentBytes() const {
  int64_t bytes = 0;
  for (const Process& process : Processes()) {
    std::ifstream file("/proc/" + std::to_string(process.pid) + "/statm");
    int64_t size = 0;
    int64_t resident = 0;
    file >> size >> resident;
    bytes += resident * sysconf(_SC_PAGESIZE);
  }
  return bytes;
}

std::string ServerProcess::Log() const { return FileText(options_.log_path); }

}  // namespace warmup
