#include "adapters/engines/exec/process_table.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "adapters/engines/exec/unique_fd.h"

namespace warmup::exec {
namespace {

// More than the longest environment a process can have by default.
constexpr size_t kMaxProcFileBytes = size_t{4} << 20;

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

std::vector<ProcessInfo> ReadProcesses() {
  std::vector<ProcessInfo> processes;
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc", error), end;
       !error && entry != end; entry.increment(error)) {
    pid_t pid = 0;
    if (!absl::SimpleAtoi(entry->path().filename().string(), &pid)) continue;
    const auto process = ReadProcess(pid);
    if (process.has_value() && process->is_alive()) {
      processes.push_back(*process);
    }
  }
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

std::optional<std::string> ReadVariable(pid_t pid, std::string_view name) {
  const auto text = ReadProcFile(PathOf(pid, "environ"));
  if (!text.has_value()) return std::nullopt;
  const std::string prefix = absl::StrCat(std::string(name), "=");
  for (size_t start = 0; start < text->size();) {
    size_t end = text->find('\0', start);
    if (end == std::string::npos) end = text->size();
    const std::string_view entry(text->data() + start, end - start);
    if (entry.starts_with(prefix)) {
      return std::string(entry.substr(prefix.size()));
    }
    start = end + 1;
  }
  return std::nullopt;
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
