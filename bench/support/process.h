#ifndef WARMUP_BENCH_SUPPORT_PROCESS_H_
#define WARMUP_BENCH_SUPPORT_PROCESS_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace warmup::bench {

// A program in a process of its own, with its output in a file. It ends with
// this one. Not thread-safe. Whatever goes wrong ends the benchmark.
class Process {
 public:
  Process(const std::vector<std::string>& command, const std::string& log);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();  // SIGTERM, and waits

  // Fails, showing its output, if it has ended.
  void MustBeAlive();
  pid_t pid() const { return pid_; }
  // Memory in RAM, its own and shared.
  double RssMb() const;
  // Processor time so far, of all its threads.
  double CpuSeconds() const;

 private:
  pid_t pid_ = -1;
  std::string log_;
};

// Puts all threads of a process on one processor (nullopt: on all).
void Pin(pid_t pid, std::optional<int> cpu);

// A folder that goes when this goes.
class TemporaryFolder {
 public:
  // Below $TMPDIR or /tmp.
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// The folder of a program of this build, given the benchmark's argv[0]:
// build/release/bench/echo/bench_echo -> build/release.
std::string BuildFolder(const char* argv0);

// Reads a whole file, "" if it is not there.
std::string ReadFile(const std::string& path);
void WriteFile(const std::string& path, const std::string& text);

}  // namespace warmup::bench

#endif  // WARMUP_BENCH_SUPPORT_PROCESS_H_
