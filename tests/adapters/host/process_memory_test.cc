#include "adapters/host/process_memory.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace warmup {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMiB = size_t{1} << 20;

// Listens on a free port of 127.0.0.1; the port is 0 when that fails.
int Listen(int& port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* any = reinterpret_cast<sockaddr*>(&address);
  const bool is_up = fd >= 0 && bind(fd, any, size) == 0 &&
                     listen(fd, 1) == 0 && getsockname(fd, any, &size) == 0;
  port = is_up ? ntohs(address.sin_port) : 0;
  return fd;
}

// Takes memory, tells the end of a pipe, and stays until it is killed.
[[noreturn]] void HoldMemory(size_t bytes, int pipe, int port) {
  const void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (memory == MAP_FAILED) _exit(1);
  if (write(pipe, &port, sizeof(port)) != sizeof(port)) _exit(1);
  for (;;) pause();
}

// A server of 24 MiB with a child of 40 MiB that has its socket too, in a
// process group of their own.
class MemoryHolder {
 public:
  MemoryHolder() {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    pid_ = fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      setpgid(0, 0);
      int port = 0;
      Listen(port);
      if (fork() == 0) HoldMemory(40 * kMiB, ends[1], port);
      HoldMemory(24 * kMiB, ends[1], port);
    }
    close(ends[1]);
    for (int i = 0; i < 2; ++i) {
      REQUIRE(read(ends[0], &port_, sizeof(port_)) == sizeof(port_));
    }
    close(ends[0]);
    REQUIRE(port_ > 0);
  }
  ~MemoryHolder() { End(); }
  MemoryHolder(const MemoryHolder&) = delete;
  MemoryHolder& operator=(const MemoryHolder&) = delete;

  void End() {
    if (pid_ <= 0) return;
    kill(-pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  pid_t pid() const { return pid_; }
  int port() const { return port_; }

 private:
  pid_t pid_ = -1;
  int port_ = 0;
};

}  // namespace

TEST_CASE("ProcessMemory: finds who listens, and what it and its own take") {
  MemoryHolder holder;
  const ProcessMemory memory({});
  const auto bytes = memory.BytesBehindPort(holder.port());
  REQUIRE(bytes.has_value());
  CHECK(*bytes >= static_cast<int64_t>(64 * kMiB));
  CHECK(*bytes < static_cast<int64_t>(1024 * kMiB));
  CHECK(memory.TreeBytes(holder.pid()) >= static_cast<int64_t>(64 * kMiB));
  holder.End();
  CHECK_FALSE(memory.BytesBehindPort(holder.port()).has_value());
}

TEST_CASE("ProcessMemory: nobody listens, or we do") {
  int port = 0;
  const int fd = Listen(port);
  REQUIRE(port > 0);
  const ProcessMemory memory({});
  CHECK_FALSE(memory.BytesBehindPort(port).has_value());
  close(fd);
  CHECK_FALSE(memory.BytesBehindPort(port).has_value());
  CHECK_FALSE(memory.BytesBehindPort(0).has_value());
  CHECK_FALSE(memory.BytesBehindPort(-1).has_value());
}

TEST_CASE("ProcessMemory: a broken /proc has nobody in it") {
  const TempFolder folder;
  const fs::path proc = folder.path();
  const ProcessMemory memory({.proc = proc.string()});
  CHECK_FALSE(memory.BytesBehindPort(80).has_value());
  CHECK(memory.TreeBytes(1) == 0);

  fs::create_directories(proc / "net");
  fs::create_directories(proc / "7");
  const std::string sockets =
      GENERATE(as<std::string>{}, "", "\n\n", "0: 0100007F:0050",
               "0: 0100007F 0 0A 0 0 0 0 0 5\n", "0: :0050 0 0A 0 0 0 x 0 5\n",
               "0: 0100007F:ZZ 0 0A 0 0 0 0 0 5\n");
  std::ofstream(proc / "net/tcp") << sockets;
  const std::string children = GENERATE(as<std::string>{}, "", "7", "7 (a)",
                                        "7 (a) S", "7 (a) S x", "7 (a) S 7");
  fs::create_directories(proc / "7/task/7");
  std::ofstream(proc / "7/task/7/children") << children;
  CHECK_FALSE(memory.BytesBehindPort(80).has_value());
  CHECK(memory.TreeBytes(7) == 0);
}

TEST_CASE("ProcessMemory: without PSS it is the RSS, in a tree by any name") {
  const TempFolder folder;
  const fs::path proc = folder.path();
  const auto write = [&](const std::string& path, const std::string& text) {
    fs::create_directories((proc / path).parent_path());
    std::ofstream(proc / path) << text;
  };
  write("net/tcp", "");
  write("net/tcp6",
        absl::StrCat("  sl  local_address remote_address st\n"
                     "   0: 00000000000000000000000000000000:0050 "
                     "00000000000000000000000000000000:0000 0A "
                     "00000000:00000000 00:00000000 00000000 ",
                     geteuid(), " 0 4711 1 0000000000000000 100 0 0 10 0\n"));
  write("7/task/7/children", "");
  write("7/task/70/children", "8 7 ");
  write("7/status", "Name:\ta) S 9\nVmRSS:\t    2048 kB\n");
  write("8/status", "Name:\tb\nPPid:\t7\nVmRSS:\t 9 kB\n");
  write("8/smaps_rollup",
        "00400000-7fff rollup\nRss:  9 kB\nPss:  1024 kB\nPss_Anon: 1 kB\n");
  fs::create_directories(proc / "8/fd");
  fs::create_symlink("socket:[4711]", proc / "8/fd/3");
  const ProcessMemory memory({.proc = proc.string()});
  CHECK(memory.TreeBytes(7) == static_cast<int64_t>(3 * kMiB));
  CHECK(memory.BytesBehindPort(80) == static_cast<int64_t>(kMiB));
  // A socket that a child has too is its parent's.
  fs::create_directories(proc / "7/fd");
  fs::create_symlink("socket:[4711]", proc / "7/fd/5");
  CHECK(memory.BytesBehindPort(80) == static_cast<int64_t>(3 * kMiB));
  CHECK_FALSE(memory.BytesBehindPort(81).has_value());
}

}  // namespace warmup
