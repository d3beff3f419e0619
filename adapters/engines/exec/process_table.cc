#include "adapters/engines/exec/process_table.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "adapters/engines/exec/unique_fd.h"

namespace warmup::exec {
namespace {

// More than the longest environment a process can have by default.
constexpr size_t kMaxProcFileBytes = size_t{4} << 20;

// How long a process may take to change its program.
constexpr int kMaxReads = 100;
constexpr absl::Duration kReadPause = absl::Milliseconds(1);

std::string PathOf(pid_t pid, std::string_view file) {
  return absl::StrCat("/proc/", pid, "/", std::string(file));
}

// The number after `key`, which begins a line: "Pss:   12 kB".
std::optional<int64_t> NumberAt(const std::string& text,
                                absl::string_view key) {
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::vector<absl::string_view> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    int64_t number = 0;
    if (words.size() >= 2 && words[0] == key &&
        absl::SimpleAtoi(words[1], &number) && number >= 0 &&
        number < int64_t{1} << 50) {
      return number;
    }
  }
  return std::nullopt;
}

// Not so of threads of the kernel, nor of what has ended.
bool HasProgram(pid_t pid) {
  std::array<char, 1> ignored;
  return readlink(PathOf(pid, "exe").c_str(), ignored.data(), ignored.size()) >
         0;
}

}  // namespace

std::optional<std::string> ReadProcFile(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.is_open()) return std::nullopt;
  std::string text;
  std::array<char, 4096> buffer;
  while (text.size() < kMaxProcFileBytes) {
    const ssize_t got = read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    text.append(buffer.data(), static_cast<size_t>(got));
  }
  return text;
}

std::optional<ProcessInfo> ParseStat(std::string_view text) {
  // "pid (name) state ppid pgrp session ...": the name may hold anything.
  const size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  const std::string rest(text.substr(name_end + 1));
  const std::vector<absl::string_view> fields =
      absl::StrSplit(rest, absl::ByAnyChar(" \n"), absl::SkipEmpty());
  // As proc(5) numbers them, less the two before: state is 0.
  if (fields.size() < 20 || fields[0].size() != 1) return std::nullopt;
  const std::string pid(text.substr(0, text.find(' ')));
  ProcessInfo info;
  info.state = fields[0][0];
  int64_t user = 0;
  int64_t system = 0;
  if (!absl::SimpleAtoi(pid, &info.pid) ||
      !absl::SimpleAtoi(fields[1], &info.parent) ||
      !absl::SimpleAtoi(fields[2], &info.group) ||
      !absl::SimpleAtoi(fields[3], &info.session) ||
      !absl::SimpleAtoi(fields[11], &user) ||
      !absl::SimpleAtoi(fields[12], &system) ||
      !absl::SimpleAtoi(fields[19], &info.start_ticks)) {
    return std::nullopt;
  }
  info.cpu_ticks = user + system;
  return info;
}

std::optional<ProcessInfo> ReadProcess(pid_t pid) {
  const auto text = ReadProcFile(PathOf(pid, "stat"));
  if (!text.has_value()) return std::nullopt;
  return ParseStat(*text);
}

std::vector<ProcessInfo> ReadAllProcesses() {
  std::vector<ProcessInfo> processes;
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc", error), end;
       !error && entry != end; entry.increment(error)) {
    pid_t pid = 0;
    if (!absl::SimpleAtoi(entry->path().filename().string(), &pid)) continue;
    processes.push_back(
        ReadProcess(pid).value_or(ProcessInfo{.pid = pid, .state = 'X'}));
  }
  return processes;
}

std::vector<ProcessInfo> ReadProcesses() {
  std::vector<ProcessInfo> processes = ReadAllProcesses();
  std::erase_if(processes,
                [](const ProcessInfo& process) { return !process.is_alive(); });
  return processes;
}

std::vector<ProcessInfo> ReadAgain(const std::vector<ProcessInfo>& processes) {
  std::vector<ProcessInfo> again;
  for (const ProcessInfo& process : processes) {
    const auto now = ReadProcess(process.pid);
    if (now.has_value() && now->start_ticks == process.start_ticks) {
      again.push_back(*now);
    }
  }
  return again;
}

// While a process changes its program it shows neither environment nor
// arguments, and would be missed. So one without an environment is believed
// when it shows the same arguments twice.
std::optional<std::string> ReadEnvironment(pid_t pid) {
  std::optional<std::string> text;
  std::string arguments;
  for (int i = 0; i < kMaxReads; ++i) {
    if (i > 0) absl::SleepFor(kReadPause);
    text = ReadProcFile(PathOf(pid, "environ"));
    if (!text.has_value() || !text->empty() || !HasProgram(pid)) break;
    std::string now = ReadProcFile(PathOf(pid, "cmdline")).value_or("");
    if (!now.empty() && now == arguments) break;
    arguments = std::move(now);
  }
  return text;
}

std::optional<std::string> FindVariable(std::string_view environment,
                                        std::string_view name) {
  const std::string prefix = absl::StrCat(std::string(name), "=");
  while (!environment.empty()) {
    const std::string_view entry =
        environment.substr(0, environment.find('\0'));
    if (entry.starts_with(prefix)) {
      return std::string(entry.substr(prefix.size()));
    }
    environment.remove_prefix(std::min(entry.size() + 1, environment.size()));
  }
  return std::nullopt;
}

std::optional<std::string> ReadVariable(pid_t pid, std::string_view name) {
  const auto environment = ReadEnvironment(pid);
  if (!environment.has_value()) return std::nullopt;
  return FindVariable(*environment, name);
}

int64_t ReadMemoryBytes(pid_t pid) {
  for (const auto& [file, key] :
       {std::pair{"smaps_rollup", "Pss:"}, std::pair{"status", "VmRSS:"}}) {
    const auto text = ReadProcFile(PathOf(pid, file));
    if (!text.has_value()) continue;
    if (const auto kibibytes = NumberAt(*text, key)) return *kibibytes * 1024;
  }
  return 0;
}

int64_t ReadDiskBytes(pid_t pid) {
  const auto text = ReadProcFile(PathOf(pid, "io"));
  return text.has_value() ? NumberAt(*text, "read_bytes:").value_or(0) : 0;
}

void SignalProcess(const ProcessInfo& process, int signal) {
  const UniqueFd pidfd(
      static_cast<int>(syscall(SYS_pidfd_open, process.pid, 0)));
  if (!pidfd.is_open()) return;
  const auto now = ReadProcess(process.pid);
  if (!now.has_value() || now->start_ticks != process.start_ticks) return;
  syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0);
}

}  // namespace warmup::exec
