#include "adapters/engines/exec/command.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "adapters/engines/exec/kin.h"
#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/base/status_macros.h"
#include "core/model/model.h"

namespace warmup {

Environment InheritableEnvironment() {
  static const std::set<std::string> kOurs = {
      "NOTIFY_SOCKET", "LISTEN_FDS",   "LISTEN_FDNAMES",       "LISTEN_PID",
      "WATCHDOG_USEC", "WATCHDOG_PID", "CREDENTIALS_DIRECTORY"};
  Environment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string variable(*entry);
    const size_t equals = variable.find('=');
    if (equals == std::string::npos || equals == 0) continue;
    const std::string name = variable.substr(0, equals);
    if (kOurs.contains(name) || name.starts_with("WARMUPD_")) continue;
    environment[name] = variable.substr(equals + 1);
  }
  return environment;
}

namespace exec {
namespace {

constexpr std::string_view kDefaultPath = "/usr/local/bin:/usr/bin:/bin";

bool HasNul(std::string_view text) {
  return text.find('\0') != std::string_view::npos;
}

absl::Status ValidateArguments(const std::vector<std::string>& argv) {
  if (argv.empty() || argv[0].empty()) {
    return InvalidField("argv", "must name a program");
  }
  if (argv.size() > kMaxArguments) {
    return InvalidField("argv",
                        absl::StrCat("has ", argv.size(), " entries, at most ",
                                     kMaxArguments, " are allowed"));
  }
  for (size_t i = 0; i < argv.size(); ++i) {
    if (HasNul(argv[i]) || argv[i].size() > kMaxArgumentBytes) {
      return InvalidField(absl::StrCat("argv[", i, "]"),
                          absl::StrCat("holds a NUL, or has more than ",
                                       kMaxArgumentBytes, " bytes"));
    }
  }
  return absl::OkStatus();
}

absl::Status ValidateEnvironment(const Environment& environment) {
  for (const auto& [name, value] : environment) {
    if (name.empty() || HasNul(name) || HasNul(value) ||
        name.find('=') != std::string::npos) {
      return InvalidField(
          "environment", "a name is empty or holds a \"=\", or a NUL is there");
    }
    if (name == kMarkerName) {
      return InvalidField("environment",
                          absl::StrCat(kMarkerName, " is set by warmupd"));
    }
    if (name.size() + value.size() > kMaxArgumentBytes) {
      return InvalidField(
          "environment",
          absl::StrCat(name, " has more than ", kMaxArgumentBytes, " bytes"));
    }
  }
  return absl::OkStatus();
}

bool IsProgram(const std::string& path) {
  struct stat status{};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         access(path.c_str(), X_OK) == 0;
}

std::string Because(int error) {
  return std::generic_category().message(error);
}

}  // namespace

absl::Status ValidateCommand(const Command& command) {
  WARMUP_RETURN_IF_ERROR(ValidateId("model", command.model));
  WARMUP_RETURN_IF_ERROR(ValidateArguments(command.argv));
  WARMUP_RETURN_IF_ERROR(ValidateEnvironment(command.environment));
  const std::string& folder = command.working_directory;
  if (!folder.empty() && (folder[0] != '/' || HasNul(folder) ||
                          folder.size() > limits::kMaxPathBytes)) {
    return InvalidField("working_directory", "must be an absolute path");
  }
  if (command.stop_signal < 1 || command.stop_signal >= NSIG) {
    return InvalidField("stop_signal",
                        absl::StrCat(command.stop_signal, " is no signal"));
  }
  if (command.grace < absl::ZeroDuration() || command.grace > kMaxGrace) {
    return InvalidField(
        "grace",
        absl::StrCat("is ", absl::FormatDuration(command.grace),
                     ", outside 0 to ", absl::FormatDuration(kMaxGrace)));
  }
  if (command.size_bytes < 0 || command.size_bytes > limits::kMaxModelBytes) {
    return InvalidField(
        "size_bytes", absl::StrCat("is ", command.size_bytes, ", outside 0 to ",
                                   limits::kMaxModelBytes));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> FindProgram(const std::string& name,
                                        std::string_view path) {
  if (name.find('/') != std::string::npos) return name;
  if (path.empty()) path = kDefaultPath;
  const std::string folders(path);
  for (const absl::string_view folder : absl::StrSplit(folders, ':')) {
    std::string candidate =
        absl::StrCat(folder.empty() ? "." : folder, "/", name);
    if (IsProgram(candidate)) return candidate;
  }
  return MakeError(absl::StatusCode::kNotFound, "COMMAND_NOT_FOUND",
                   absl::StrCat("there is no program \"", name, "\" in PATH (",
                                folders, ")"),
                   {{"path", name}});
}

Environment FullEnvironment(const Command& command,
                            const Environment& inherited) {
  Environment environment = command.environment;
  environment.insert(inherited.begin(), inherited.end());
  environment.erase(kMarkerName);
  return environment;
}

std::vector<std::string> EnvironmentEntries(const Environment& environment,
                                            const std::string& marker) {
  std::vector<std::string> entries = {absl::StrCat(kMarkerName, "=", marker)};
  for (const auto& [name, value] : environment) {
    entries.push_back(absl::StrCat(name, "=", value));
  }
  return entries;
}

absl::Status Explain(const LaunchFailure& failure, const Launch& launch) {
  const int error = failure.error;
  if (failure.step == LaunchFailure::Step::kCgroup) {
    return MakeError(absl::StatusCode::kUnavailable, "CGROUP_REFUSED",
                     absl::StrCat("it cannot be put into the control group ",
                                  launch.cgroup, ": ", Because(error)));
  }
  if (failure.step == LaunchFailure::Step::kWorkingDirectory) {
    return MakeError(
        absl::StatusCode::kFailedPrecondition, "WORKING_DIRECTORY_UNUSABLE",
        absl::StrCat("its working directory \"", launch.working_directory,
                     "\" cannot be entered: ", Because(error)),
        {{"path", launch.working_directory}});
  }
  std::string path = launch.program;
  if (path[0] != '/' && !launch.working_directory.empty()) {
    path = absl::StrCat(launch.working_directory, "/", path);
  }
  const bool is_missing = error == ENOENT || error == ENOTDIR;
  if (is_missing && access(path.c_str(), F_OK) == 0) {
    return MakeError(absl::StatusCode::kFailedPrecondition,
                     "COMMAND_NOT_EXECUTABLE",
                     absl::StrCat("\"", path,
                                  "\" cannot be run: the interpreter that it "
                                  "asks for is not there"),
                     {{"path", path}});
  }
  if (is_missing) {
    return MakeError(
        absl::StatusCode::kNotFound, "COMMAND_NOT_FOUND",
        absl::StrCat("there is no program \"", path, "\": ", Because(error)),
        {{"path", path}});
  }
  const bool is_full =
      error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE;
  return MakeError(
      is_full ? absl::StatusCode::kResourceExhausted
              : absl::StatusCode::kFailedPrecondition,
      is_full ? "SYSTEM_LIMIT" : "COMMAND_NOT_EXECUTABLE",
      absl::StrCat("\"", path, "\" cannot be run: ", Because(error)),
      {{"path", path}});
}

}  // namespace exec
}  // namespace warmup
