#ifndef WARMUP_TESTS_SUPPORT_SERVER_PROCESS_H_
#define WARMUP_TESTS_SUPPORT_SERVER_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace warmup {

// A port of this machine that is free now: a server that is told 0 does not say
// which it got.
int FreePort();

// A server as a command, in a process group of its own. The whole group is
// killed with this object, and also when the test itself is killed or crashes:
// an inference server leaves its workers behind otherwise.
//
// Every wait ends after kPatience. To be used by the test's main thread, but
// what asks for processes, ResidentBytes() and SignalTo() by any.
class ServerProcess {
 public:
  struct Options {
    std::vector<std::string> command;  // its program and arguments
    std::map<std::string, std::string> environment;  // beside the test's own
    std::string folder;    // it is started in; empty: the test's
    std::string log_path;  // of its stdout and stderr
    // It is up when a GET of this has status 200, "http://127.0.0.1:1/health";
    // empty: Start does not wait.
    std::string ready_url;
  };
  struct Process {
    pid_t pid = -1;
    std::string command;  // with its arguments
    bool is_stopped = false;
  };

  // Not started yet.
  explicit ServerProcess(Options options);
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  // Starts it, again after a Kill, and waits until it is up. `more` goes over
  // the environment of the options.
  void Start(const std::map<std::string, std::string>& more = {});
  // kill -9 of the group, and waits until all of it has ended. Prints how it
  // ended when it was gone before that.
  void Kill();
  // Stops (SIGSTOP) the group, or those of it whose command contains `part`,
  // and waits until none of their threads runs. Lets the group go on.
  void Stop(const std::string& part = "") const;
  void Continue() const;

  // Of the first of them: its workers may outlive it.
  bool IsAlive() const { return pid_ > 0 && UnforeseenEnd().empty(); }
  // How it ended, and the last of its log; empty while it lives, and when it
  // was killed here.
  std::string UnforeseenEnd() const;

  // The group's processes that live. Those whose command contains `part`.
  std::vector<Process> Processes(const std::string& part = "") const;
  // Those that the first of them has started itself: found at once, where all
  // processes of the machine have to be looked at otherwise.
  std::vector<Process> Children(const std::string& part = "") const;
  // Signals those; how many they were.
  int SignalTo(const std::string& part, int signal) const;
  // What the group has in memory, shared pages counted for each.
  int64_t ResidentBytes() const;
  // What it wrote so far.
  std::string Log() const;

 private:
  void Guard();
  // Those of the group that live, and contain `part`.
  std::vector<Process> Living(const std::vector<pid_t>& pids,
                              const std::string& part) const;

  const Options options_;
  pid_t pid_ = -1;
  pid_t guard_ = -1;     // kills the group when this test is no more
  int guard_pipe_ = -1;  // whose closing tells it
};

}  // namespace warmup

#endif  // WARMUP_TESTS_SUPPORT_SERVER_PROCESS_H_
