#include "adapters/engines/exec/kin.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "adapters/engines/exec/cgroup.h"

namespace warmup::exec {
namespace {

constexpr absl::Duration kPause = absl::Milliseconds(5);
constexpr int kMaxLooks = 50;

// "pid:[4026531836]", or as much of it as fits; the number alone.
std::string OwnPidNamespace() {
  std::array<char, 64> text{};
  const ssize_t size = readlink("/proc/self/ns/pid", text.data(), text.size());
  std::string number;
  for (ssize_t i = 0; i < size; ++i) {
    if (text[i] >= '0' && text[i] <= '9') number.push_back(text[i]);
  }
  return number.empty() ? "0" : number;
}

bool IsOfOurUser(pid_t pid) {
  struct stat status{};
  return stat(absl::StrCat("/proc/", pid).c_str(), &status) == 0 &&
         status.st_uid == geteuid();
}

// Adds the children of those in `kin`, and theirs.
void AddDescendants(const std::vector<ProcessInfo>& all, std::set<pid_t>& kin) {
  for (bool has_grown = true; has_grown;) {
    has_grown = false;
    for (const ProcessInfo& process : all) {
      if (kin.contains(process.parent)) {
        has_grown |= kin.insert(process.pid).second;
      }
    }
  }
}

std::vector<ProcessInfo> Only(std::vector<ProcessInfo> all,
                              const std::set<pid_t>& wanted) {
  std::erase_if(all, [&](const ProcessInfo& process) {
    return !wanted.contains(process.pid);
  });
  return all;
}

std::vector<ProcessInfo> FindLeftovers() {
  const std::string here = OwnPidNamespace();
  const std::vector<ProcessInfo> all = ReadProcesses();
  std::set<pid_t> left;
  std::set<pid_t> sessions;
  for (const ProcessInfo& process : all) {
    if (process.pid == getpid() || !IsOfOurUser(process.pid)) continue;
    const auto marker = ReadVariable(process.pid, kMarkerName);
    if (!marker.has_value()) continue;
    const auto owner = ParseOwner(*marker);
    if (!owner.has_value() || owner->pid_namespace != here) continue;
    const bool has_owner =
        std::any_of(all.begin(), all.end(), [&](const ProcessInfo& other) {
          return other.pid == owner->pid &&
                 other.start_ticks == owner->start_ticks;
        });
    if (has_owner) continue;
    left.insert(process.pid);
    sessions.insert(process.session);
  }
  if (left.empty()) return {};
  const auto self = ReadProcess(getpid());
  for (const ProcessInfo& process : all) {
    // A session that we are in was made by somebody else.
    if (self.has_value() && process.session != self->session &&
        sessions.contains(process.session)) {
      left.insert(process.pid);
    }
  }
  AddDescendants(all, left);
  left.erase(getpid());
  return Only(all, left);
}

// The pid and the start: a process, for good.
using Identity = std::pair<pid_t, uint64_t>;

// `ended`: who may have been kin, and is no more, or on its way there.
std::vector<ProcessInfo> LookForKin(const Leader& leader,
                                    std::set<Identity>& ended) {
  const std::vector<ProcessInfo> all = ReadAllProcesses();
  std::set<pid_t> kin;
  if (!leader.cgroup.empty()) kin = ReadCgroupProcesses(leader.cgroup);
  for (const ProcessInfo& process : all) {
    const bool is_leader = process.pid == leader.pid;
    if (!process.is_alive()) {
      const bool is_older =
          process.start_ticks != 0 && process.start_ticks < leader.start_ticks;
      if (!is_leader && !is_older) {
        ended.emplace(process.pid, process.start_ticks);
      }
      continue;
    }
    if (is_leader || process.session == leader.pid ||
        process.group == leader.pid) {
      kin.insert(process.pid);
      continue;
    }
    // Who is older cannot come from it.
    if (process.start_ticks < leader.start_ticks || process.pid == getpid()) {
      continue;
    }
    const auto environment = ReadEnvironment(process.pid);
    if (!environment.has_value() || environment->empty()) {
      // It has lost its memory already, or is nobody's.
      ended.emplace(process.pid, process.start_ticks);
    } else if (FindVariable(*environment, kMarkerName) == leader.marker) {
      kin.insert(process.pid);
    }
  }
  AddDescendants(all, kin);
  std::vector<ProcessInfo> found = Only(all, kin);
  std::erase_if(found,
                [](const ProcessInfo& process) { return !process.is_alive(); });
  return found;
}

}  // namespace

std::string MakeMarker(std::string_view engine, std::string_view model) {
  static std::atomic<int64_t> count = 0;
  const auto self = ReadProcess(getpid());
  return absl::StrCat(std::string(engine), "/", std::string(model), "/",
                      OwnPidNamespace(), "-", getpid(), "-",
                      self.has_value() ? self->start_ticks : 0, "-", ++count);
}

std::optional<Owner> ParseOwner(std::string_view marker) {
  const size_t slash = marker.rfind('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string text(marker.substr(slash + 1));
  const std::vector<std::string> parts = absl::StrSplit(text, '-');
  Owner owner;
  if (parts.size() != 4 || !absl::SimpleAtoi(parts[1], &owner.pid) ||
      !absl::SimpleAtoi(parts[2], &owner.start_ticks)) {
    return std::nullopt;
  }
  owner.pid_namespace = parts[0];
  return owner;
}

std::vector<ProcessInfo> FindKin(const Leader& leader) {
  // One that starts another and ends, while we look, shows neither. So nobody
  // is there only if nobody ended meanwhile who may have been one.
  std::set<Identity> ended;
  std::vector<ProcessInfo> kin;
  for (int i = 0; i < kMaxLooks; ++i) {
    std::set<Identity> ended_now;
    kin = LookForKin(leader, ended_now);
    if (!kin.empty() || std::includes(ended.begin(), ended.end(),
                                      ended_now.begin(), ended_now.end())) {
      break;
    }
    ended.merge(ended_now);
  }
  return kin;
}

std::vector<ProcessInfo> EndLeftovers(absl::Duration patience) {
  const absl::Time deadline = absl::Now() + patience;
  std::vector<ProcessInfo> found = FindLeftovers();
  // Twice nobody, because the first time one may have been starting another.
  for (int nobody = found.empty() ? 2 : 0;
       nobody < 2 && absl::Now() < deadline;) {
    const std::vector<ProcessInfo> left = FindLeftovers();
    for (const ProcessInfo& process : left) SignalProcess(process, SIGKILL);
    nobody = left.empty() ? nobody + 1 : 0;
    absl::SleepFor(kPause);
  }
  return found;
}

}  // namespace warmup::exec
