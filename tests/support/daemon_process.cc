#include "tests/support/daemon_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>
#include <random>
#include <sstream>
#include <utility>

#include "tests/support/catch.h"
#include "tests/support/client.h"
#include "tests/support/eventually.h"

namespace warmup {
namespace {

std::vector<std::string> Environment(
    const std::map<std::string, std::string>& more) {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string variable(*entry);
    const std::string name = variable.substr(0, variable.find('='));
    if (name.rfind("WARMUPD_", 0) == 0 || name == "NOTIFY_SOCKET" ||
        more.contains(name)) {
      continue;
    }
    environment.push_back(variable);
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

}  // namespace

DaemonProcess::DaemonProcess(const Options& options)
    : pid_(-1), log_path_(options.log_path) {
  std::vector<std::string> arguments = {WARMUPD_BINARY};
  arguments.insert(arguments.end(), options.arguments.begin(),
                   options.arguments.end());
  std::vector<std::string> environment = Environment(options.environment);
  const std::vector<char*> argv = Pointers(arguments);
  const std::vector<char*> envp = Pointers(environment);
  const int log =
      open(log_path_.c_str(),
           O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  REQUIRE(log >= 0);
  pid_ = fork();
  if (pid_ == 0) {  // from here on only what is safe after a fork
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (options.max_file_bytes.has_value()) {
      const rlimit limit = {*options.max_file_bytes, RLIM_INFINITY};
      setrlimit(RLIMIT_FSIZE, &limit);
    }
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    execve(argv[0], argv.data(), envp.data());
    _exit(127);
  }
  close(log);
  REQUIRE(pid_ > 0);
}

DaemonProcess::DaemonProcess(DaemonProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      log_path_(std::move(other.log_path_)),
      wait_status_(other.wait_status_) {}

DaemonProcess::~DaemonProcess() {
  if (pid_ > 0) Kill();
}

bool DaemonProcess::Reap(int flags) {
  if (wait_status_.has_value()) return true;
  int status = 0;
  if (waitpid(pid_, &status, flags) != pid_) return false;
  wait_status_ = status;
  return true;
}

bool DaemonProcess::IsAlive() { return !Reap(WNOHANG); }

void DaemonProcess::Signal(int signal) const {
  if (!wait_status_.has_value()) kill(pid_, signal);
}

int DaemonProcess::WaitForExit() {
  if (!Eventually([this] { return !IsAlive(); })) return -1;
  return WIFEXITED(*wait_status_) ? WEXITSTATUS(*wait_status_)
                                  : 128 + WTERMSIG(*wait_status_);
}

void DaemonProcess::Kill() {
  Signal(SIGKILL);
  Reap(0);
}

int DaemonProcess::Stop() {
  Signal(SIGTERM);
  return WaitForExit();
}

void DaemonProcess::LimitFiles(std::optional<uint64_t> max_file_bytes) const {
  const rlimit limit = {max_file_bytes.value_or(RLIM_INFINITY), RLIM_INFINITY};
  REQUIRE(prlimit(pid_, RLIMIT_FSIZE, &limit, nullptr) == 0);
}

std::string DaemonProcess::Log() const {
  std::ifstream file(log_path_);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool DaemonProcess::WaitForLog(const std::string& text) const {
  return Eventually([&] { return Log().find(text) != std::string::npos; });
}

std::vector<std::string> DaemonProcess::LogLines() const {
  std::istringstream text(Log());
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

int64_t DaemonProcess::RssBytes() const {
  std::ifstream file("/proc/" + std::to_string(pid_) + "/statm");
  int64_t size = 0;
  int64_t resident = 0;
  file >> size >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

DaemonHome::DaemonHome() : folder_(WARMUP_TEST_FOLDER) {}

DaemonProcess::Options DaemonHome::Options(
    const std::vector<std::string>& sets) const {
  DaemonProcess::Options options;
  options.log_path = log_path();
  for (const std::string& set :
       {"listen.unix_socket=" + socket_path(), "store.path=" + store_path(),
        std::string("metrics.address=off"),
        // Nobody's own engines are touched by a test.
        std::string("engines.detect=false"),
        std::string("memory.budget_mib=1000")}) {
    options.arguments.insert(options.arguments.end(), {"--set", set});
  }
  for (const std::string& set : sets) {
    options.arguments.insert(options.arguments.end(), {"--set", set});
  }
  return options;
}

DaemonProcess DaemonHome::Start(const std::vector<std::string>& sets) const {
  DaemonProcess daemon(Options(sets));
  AwaitReady(daemon);
  return daemon;
}

void DaemonHome::AwaitReady(DaemonProcess& daemon) const {
  // Not by gRPC's own retries: these wait longer with each.
  const bool is_there =
      Eventually([&] { return !daemon.IsAlive() || Accepts(socket_path()); });
  INFO(daemon.Log());
  REQUIRE(is_there);
  REQUIRE(daemon.IsAlive());
  Client client(address());
  REQUIRE(client.Ask(&Health::Check).Must().status() ==
          grpc::health::v1::HealthCheckResponse::SERVING);
}

std::string DaemonHome::MakeModel(const std::string& name,
                                  int64_t bytes) const {
  const std::string path = folder_.File(name);
  std::string block(size_t{1} << 20, '\0');
  std::mt19937_64 random(std::hash<std::string>()(name));
  for (char& byte : block) byte = static_cast<char>(random());
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  REQUIRE(fd >= 0);
  for (int64_t written = 0; written < bytes;) {
    const auto size = static_cast<size_t>(
        std::min<int64_t>(bytes - written, static_cast<int64_t>(block.size())));
    REQUIRE(write(fd, block.data(), size) == static_cast<ssize_t>(size));
    written += static_cast<int64_t>(size);
  }
  // Written pages only can be dropped.
  CHECK(fdatasync(fd) == 0);
  CHECK(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0);
  close(fd);
  return path;
}

std::string DaemonHome::MakeHole(const std::string& name, int64_t bytes) const {
  const std::string path = folder_.File(name);
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  REQUIRE(fd >= 0);
  REQUIRE(ftruncate(fd, bytes) == 0);
  close(fd);
  return path;
}

bool Accepts(const std::string& socket_path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(fd >= 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket_path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const bool accepts = connect(fd, reinterpret_cast<const sockaddr*>(&address),
                               sizeof(address)) == 0;
  close(fd);
  return accepts;
}

}  // namespace warmup
