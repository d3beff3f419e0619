#ifndef WARMUP_TESTS_SUPPORT_DAEMON_PROCESS_H_
#define WARMUP_TESTS_SUPPORT_DAEMON_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/temp_folder.h"

namespace warmup {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kIsSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kIsSanitized = true;
#else
inline constexpr bool kIsSanitized = false;
#endif
#else
inline constexpr bool kIsSanitized = false;
#endif

// The real warmupd in a process of its own, killed with the test. Every wait
// ends after kPatience. For the test's main thread only.
class DaemonProcess {
 public:
  struct Options {
    std::vector<std::string> arguments;
    // Beside the test's own, less what would configure a daemon.
    std::map<std::string, std::string> environment;
    std::string log_path;  // of its stdout and stderr
    // No file of it may grow beyond this: its disk is full.
    std::optional<uint64_t> max_file_bytes;
  };

  explicit DaemonProcess(const Options& options);
  ~DaemonProcess();  // kill -9
  DaemonProcess(DaemonProcess&& other) noexcept;
  DaemonProcess& operator=(DaemonProcess&&) = delete;

  pid_t pid() const { return pid_; }
  bool IsAlive();
  void Signal(int signal) const;
  // As the shell tells it: its exit code, or 128 + the signal that killed it;
  // -1: it did not end.
  int WaitForExit();
  // kill -9, and waits for its end.
  void Kill();
  // How it ended after a SIGTERM; 0 is what is right.
  int Stop();
  // A new max_file_bytes for the running process; nothing: no limit.
  void LimitFiles(std::optional<uint64_t> max_file_bytes) const;

  // What it wrote so far.
  std::string Log() const;
  bool WaitForLog(const std::string& text) const;
  // In lines, without what is empty.
  std::vector<std::string> LogLines() const;
  // Memory it has now, from /proc.
  int64_t RssBytes() const;

 private:
  bool Reap(int flags);

  pid_t pid_;
  std::string log_path_;
  std::optional<int> wait_status_;
};

// Where a test's daemons live, one after another: a folder on the build's disk
// for store and models (a file in a memory file system is never cold), another
// for the socket (a path of a socket must be short).
class DaemonHome {
 public:
  DaemonHome();

  // What makes a daemon at home here, with all its ports chosen by the system.
  // `sets` come last, each "field=value".
  DaemonProcess::Options Options(
      const std::vector<std::string>& sets = {}) const;
  // Starts one and waits until it answers.
  DaemonProcess Start(const std::vector<std::string>& sets = {}) const;
  // Waits until a daemon here answers the health service.
  void AwaitReady(DaemonProcess& daemon) const;

  std::string socket_path() const { return sockets_.File("d.sock"); }
  std::string address() const { return "unix:" + socket_path(); }
  std::string store_path() const { return folder_.File("store/warmupd.db"); }
  std::string log_path() const { return folder_.File("log"); }
  std::string File(const std::string& name) const { return folder_.File(name); }

  // A file of random bytes, on the disk and out of memory; its path.
  std::string MakeModel(const std::string& name, int64_t bytes) const;
  // A file that is one big hole: takes its time to load, but no disk.
  std::string MakeHole(const std::string& name, int64_t bytes) const;

 private:
  TempFolder folder_;
  TempFolder sockets_;
};

// Whether somebody accepts connections at this Unix socket.
bool Accepts(const std::string& socket_path);

}  // namespace warmup

#endif  // WARMUP_TESTS_SUPPORT_DAEMON_PROCESS_H_
