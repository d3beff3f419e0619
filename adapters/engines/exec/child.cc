#include "adapters/engines/exec/child.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "adapters/engines/exec/cgroup.h"

namespace warmup::exec {
namespace {

constexpr size_t kReadBytes = size_t{64} << 10;
// Who floods us is slowed to 10 MiB a second, and not stopped: it would take a
// core of ours, and one for itself.
constexpr int kReadsPerTurn = 4;
constexpr absl::Duration kFloodPause = absl::Milliseconds(25);
// More than a pipe holds.
constexpr int kLastReads = 16;
constexpr absl::Duration kShortPause = absl::Milliseconds(2);
constexpr absl::Duration kLongPause = absl::Milliseconds(100);

// Whether this child of ours has ended; it stays to be reaped.
bool HasEnded(pid_t pid, siginfo_t* info) {
  *info = {};
  return waitid(P_PID, static_cast<id_t>(pid), info,
                WEXITED | WNOHANG | WNOWAIT) != 0 ||
         info->si_pid != 0;
}

}  // namespace

std::string ProcessEnd::Text() const {
  if (!was_signalled) return absl::StrCat("ended with status ", code);
  const char* name = sigabbrev_np(code);
  if (name == nullptr) return absl::StrCat("was ended by signal ", code);
  return absl::StrCat("was ended by SIG", name);
}

bool ProcessEnd::WasAsked() const {
  if (left_behind > 0) return false;
  const int signal = was_signalled ? code : code - 128;  // as a shell tells it
  return (!was_signalled && code == 0) || signal == SIGTERM ||
         signal == SIGINT || signal == SIGHUP || signal == SIGQUIT;
}

Child::Child(Options options)
    : options_(std::move(options)),
      lines_(options_.awaited_line, options_.on_line),
      pause_(kShortPause) {}

Child::View Child::view() const {
  MutexLock lock(mutex_);
  return view_;
}

bool Child::IsAlive() const {
  pid_t pid = -1;
  {
    MutexLock lock(mutex_);
    if (view_.end.has_value() || view_.is_gone) return false;
    pid = leader_.pid;
  }
  siginfo_t info;
  return pid > 0 && !HasEnded(pid, &info);
}

bool Child::MarkReady() {
  MutexLock lock(mutex_);
  if (view_.end.has_value()) return false;
  is_ready_ = true;
  return true;
}

std::vector<ProcessInfo> Child::Kin() const {
  Leader leader;
  {
    MutexLock lock(mutex_);
    if (view_.is_gone) return {};
    leader = leader_;
  }
  if (leader.pid <= 0) return {};
  return FindKin(leader);
}

int64_t Child::MemoryBytes(const std::vector<ProcessInfo>& kin) const {
  if (const std::string& cgroup = options_.launch.cgroup; !cgroup.empty()) {
    if (const auto bytes = ReadCgroupBytes(cgroup)) return *bytes;
  }
  int64_t bytes = 0;
  for (const ProcessInfo& process : kin) bytes += ReadMemoryBytes(process.pid);
  return bytes;
}

absl::Status Child::AwaitSpawned() {
  MutexLock lock(mutex_);
  while (!is_spawned_) changed_.Wait(mutex_);
  return view_.spawn;
}

bool Child::AwaitEnd(absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  MutexLock lock(mutex_);
  while (!view_.end.has_value() && !view_.is_gone) {
    const absl::Duration left = deadline - absl::Now();
    if (left <= absl::ZeroDuration()) return false;
    changed_.WaitFor(mutex_, left);
  }
  return true;
}

bool Child::AwaitGone(absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  MutexLock lock(mutex_);
  while (!view_.is_gone) {
    const absl::Duration left = deadline - absl::Now();
    if (left <= absl::ZeroDuration()) return false;
    changed_.WaitFor(mutex_, left);
  }
  return true;
}

void Child::RequestStop(absl::Duration grace) {
  MutexLock lock(mutex_);
  grace_ = std::min(grace, grace_.value_or(grace));
}

void Child::Start() {
  auto spawned = Spawn(options_.launch);
  const absl::Status status = spawned.status();
  Leader leader = {.marker = options_.marker, .cgroup = options_.launch.cgroup};
  if (status.ok()) {
    spawned_ = *std::move(spawned);
    leader.pid = spawned_.pid;
    const auto process = ReadProcess(leader.pid);
    if (process.has_value()) leader.start_ticks = process->start_ticks;
  } else if (!leader.cgroup.empty()) {
    RemoveCgroup(leader.cgroup);
  }
  MutexLock lock(mutex_);
  leader_ = std::move(leader);
  view_.spawn = status;
  view_.is_gone = !status.ok();
  is_spawned_ = true;
  changed_.NotifyAll();
}

void Child::AddTo(std::vector<pollfd>& polls, absl::Time now) const {
  const auto add = [&](const UniqueFd& fd, bool is_wanted) {
    if (!fd.is_open() || !is_wanted) return;
    polls.push_back({.fd = fd.get(), .events = POLLIN, .revents = 0});
  };
  add(spawned_.output, now >= listen_at_);
  add(spawned_.failure, true);
  add(spawned_.pidfd, !has_ended_);
}

absl::Time Child::Advance(absl::Time now) {
  NoticeProgram();
  if (now >= listen_at_ && Drain(now, kReadsPerTurn)) {
    listen_at_ = now + kFloodPause;
  }
  if (!has_ended_) NoticeEnd(now);
  const absl::Time next = End(now);
  return listen_at_ > now ? std::min(next, listen_at_) : next;
}

void Child::NoticeProgram() {
  if (!spawned_.failure.is_open()) return;
  LaunchFailure failure;
  bool has_failed = false;
  if (!ReadFailure(spawned_.failure, &failure, &has_failed)) return;
  spawned_.failure.Close();
  MutexLock lock(mutex_);
  view_.runs_program = !has_failed;
  if (has_failed) view_.failure = failure;
  changed_.NotifyAll();
}

bool Child::Drain(absl::Time now, int max_reads) {
  if (!spawned_.output.is_open()) return false;
  const auto buffer = std::make_unique<std::array<char, kReadBytes>>();
  bool may_have_more = true;
  for (int i = 0; i < max_reads && may_have_more; ++i) {
    const ssize_t got =
        read(spawned_.output.get(), buffer->data(), buffer->size());
    if (got > 0) {
      lines_.Take({buffer->data(), static_cast<size_t>(got)}, now);
    } else {
      may_have_more = got < 0 && errno == EINTR;
      if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        spawned_.output.Close();
      }
    }
  }
  if (lines_.has_seen_awaited()) {
    MutexLock lock(mutex_);
    view_.has_said_awaited = true;
    changed_.NotifyAll();
  }
  return may_have_more;
}

void Child::NoticeEnd(absl::Time now) {
  siginfo_t info;
  if (!HasEnded(spawned_.pid, &info)) return;
  has_ended_ = true;
  NoticeProgram();
  Drain(now, kLastReads);
  lines_.Finish(now);
  ProcessEnd end = {.was_signalled = info.si_code != CLD_EXITED,
                    .code = info.si_status,
                    .left_behind = Kin().size()};
  const std::string last_words = lines_.LastWords();
  bool is_lost = false;
  {
    MutexLock lock(mutex_);
    view_.end = end;
    view_.last_words = last_words;
    is_lost = is_ready_ && !grace_.has_value();
    changed_.NotifyAll();
  }
  if (is_lost) options_.on_lost(end, last_words);
}

absl::Time Child::End(absl::Time now) {
  std::optional<absl::Duration> grace;
  {
    MutexLock lock(mutex_);
    grace = grace_;
  }
  if (!grace.has_value() && !has_ended_) return absl::InfiniteFuture();
  if (!has_signalled_) {
    has_signalled_ = true;
    stopped_at_ = now;
    if (!has_ended_) SignalAll(Kin(), options_.stop_signal);
  }
  const absl::Time kill_at = stopped_at_ + grace.value_or(absl::ZeroDuration());
  if (!has_ended_ && now < kill_at) return kill_at;
  const std::vector<ProcessInfo> kin = Kin();
  if (kin.empty() && has_ended_) {
    Reap();
    return absl::InfiniteFuture();
  }
  if (now >= kill_at) SignalAll(kin, SIGKILL);
  pause_ = std::min(2 * pause_, kLongPause);
  return now + pause_;
}

void Child::SignalAll(const std::vector<ProcessInfo>& kin, int signal) const {
  const pid_t group = spawned_.pid;
  // All at once; the number is theirs, because the leader is not reaped.
  kill(-group, signal);
  if (signal == SIGKILL && !options_.launch.cgroup.empty()) {
    KillCgroup(options_.launch.cgroup);
  }
  for (const ProcessInfo& process : kin) {
    if (process.group != group) SignalProcess(process, signal);
  }
  // Who was stopped does not see it before.
  kill(-group, SIGCONT);
}

void Child::Reap() {
  {
    MutexLock lock(mutex_);
    leader_.pid = -1;
  }
  // With those of the group that came to be ours, as they do where we are the
  // first process of a container.
  while (waitpid(-spawned_.pid, nullptr, WNOHANG) > 0) {
  }
  if (!options_.launch.cgroup.empty()) RemoveCgroup(options_.launch.cgroup);
  spawned_ = {};
  MutexLock lock(mutex_);
  view_.is_gone = true;
  changed_.NotifyAll();
}

}  // namespace warmup::exec
