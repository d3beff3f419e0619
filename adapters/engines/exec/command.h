#ifndef WARMUP_ADAPTERS_ENGINES_EXEC_COMMAND_H_
#define WARMUP_ADAPTERS_ENGINES_EXEC_COMMAND_H_

#include <csignal>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/engines/exec/spawn.h"

namespace warmup {

// How a command shows that it is ready: exactly one of these.
struct Readiness {
  // Answers with a status of 200 to 299: "http://127.0.0.1:8080/health". Its
  // host is this machine, as "localhost" or an address.
  std::string url;
  // Accepts connections on the loopback interface. 0: not by this.
  int port = 0;
  // A part of a line of its output.
  std::string line;
};

// A server that runs for as long as its model is warm.
struct Command {
  std::string model;              // the model's name, ModelSpec::source
  std::vector<std::string> argv;  // no shell; argv[0] is looked for in PATH
  std::map<std::string, std::string> environment;  // beside what it inherits
  std::string working_directory;  // absolute; empty: that of warmupd
  Readiness ready;
  int stop_signal = SIGTERM;
  // From the stop signal to SIGKILL.
  absl::Duration grace = absl::Seconds(10);
  int64_t size_bytes = 0;  // expected in memory; 0: not known
};

using Environment = std::map<std::string, std::string>;

// What commands inherit: this process's environment, less what is meant for it
// alone (WARMUPD_*, what systemd hands to a service).
Environment InheritableEnvironment();

namespace exec {

inline constexpr size_t kMaxArguments = 1'024;
inline constexpr size_t kMaxArgumentBytes = size_t{64} << 10;
inline constexpr absl::Duration kMaxGrace = absl::Minutes(10);

// INVALID_ARGUMENT naming the field that is wrong, less the readiness.
absl::Status ValidateCommand(const Command& command);

// The path of argv[0]. NOT_FOUND (COMMAND_NOT_FOUND) when PATH has no such
// program, saying where it was looked for; the message names no engine.
absl::StatusOr<std::string> FindProgram(const std::string& name,
                                        std::string_view path);

// All of its environment: what is inherited, what it adds, and the marker
// first, where it is found at once.
Environment FullEnvironment(const Command& command,
                            const Environment& inherited);
std::vector<std::string> EnvironmentEntries(const Environment& environment,
                                            const std::string& marker);

// Why the program did not run; the message names no engine.
absl::Status Explain(const LaunchFailure& failure, const Launch& launch);

}  // namespace exec
}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_EXEC_COMMAND_H_
