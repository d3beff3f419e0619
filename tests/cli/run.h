#ifndef WARMUP_TESTS_CLI_RUN_H_
#define WARMUP_TESTS_CLI_RUN_H_

#include <memory>
#include <string>
#include <vector>

#include "tests/cli/fake_daemon.h"
#include "tests/support/temp_folder.h"

namespace warmup::cli {

void WriteFile(const std::string& path, const std::string& text);
std::string ReadFile(const std::string& path);

struct RunResult {
  int exit_code = -1;
  std::string out;
  std::string err;
};

// Runs a program to its end, with `input` on its standard input. No colours:
// nothing is a terminal.
RunResult RunProgram(const std::vector<std::string>& words,
                     const std::string& input = "");

// The real warmupctl against a fake daemon.
class CliFixture {
 public:
  CliFixture() : daemon_(folder_.File("d.sock")) {}

  RunResult Run(std::vector<std::string> words, const std::string& input = "");
  // What it prints with -o json.
  std::string Json(std::vector<std::string> words);
  FakeState& daemon() { return daemon_.state(); }
  std::string target() const { return folder_.File("d.sock"); }
  const TempFolder& folder() const { return folder_; }

 private:
  TempFolder folder_;
  FakeDaemon daemon_;
};

// A program on a terminal of its own. Killed at the end if it still runs.
class TerminalRun {
 public:
  explicit TerminalRun(const std::vector<std::string>& words);
  ~TerminalRun();
  TerminalRun(const TerminalRun&) = delete;
  TerminalRun& operator=(const TerminalRun&) = delete;

  // Reads until `text` has come; false: it ended, or 20 s passed, without.
  bool ReadUntil(const std::string& text);
  void Signal(int signal);
  // Reads to its end. Returns the exit code; 128 + the signal that killed it.
  int Wait();
  const std::string& output() const { return output_; }

 private:
  bool ReadSome();

  int fd_ = -1;
  pid_t pid_ = -1;
  std::string output_;
};

}  // namespace warmup::cli

#endif  // WARMUP_TESTS_CLI_RUN_H_
