#include "adapters/engines/exec/keeper.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/error.h"

namespace warmup::exec {
namespace {

// How long a SIGKILL may take to be obeyed when we go.
constexpr absl::Duration kLastPatience = absl::Seconds(5);

int TimeoutUntil(absl::Time until, absl::Time now) {
  if (until == absl::InfiniteFuture()) return -1;
  const int64_t milliseconds =
      absl::ToInt64Milliseconds(absl::Ceil(until - now, absl::Milliseconds(1)));
  return static_cast<int>(std::clamp<int64_t>(milliseconds, 0, 60'000));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Keeper>> Keeper::Create() {
  UniqueFd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.is_open()) {
    return MakeError(absl::StatusCode::kResourceExhausted, "SYSTEM_LIMIT",
                     absl::StrCat("making an eventfd: ",
                                  std::generic_category().message(errno)));
  }
  return std::unique_ptr<Keeper>(new Keeper(std::move(wake)));
}

Keeper::Keeper(UniqueFd wake)
    : wake_(std::move(wake)), thread_([this] { Run(); }) {}

Keeper::~Keeper() {
  {
    MutexLock lock(mutex_);
    is_stopping_ = true;
  }
  Wake();
  thread_.join();
}

absl::Status Keeper::Start(std::shared_ptr<Child> child) {
  {
    MutexLock lock(mutex_);
    new_.push_back(child);
  }
  Wake();
  return child->AwaitSpawned();
}

void Keeper::Stop(Child& child, absl::Duration grace) {
  child.RequestStop(grace);
  Wake();
}

void Keeper::Wake() {
  const uint64_t one = 1;
  const ssize_t written = write(wake_.get(), &one, sizeof(one));
  static_cast<void>(written);  // full: it is awake
}

bool Keeper::IsStopping() {
  MutexLock lock(mutex_);
  return is_stopping_;
}

void Keeper::TakeNew() {
  std::vector<std::shared_ptr<Child>> added;
  {
    MutexLock lock(mutex_);
    added.swap(new_);
  }
  for (std::shared_ptr<Child>& child : added) {
    child->Start();
    children_.push_back(std::move(child));
  }
}

void Keeper::Run() {
  // Signals are for the daemon's other threads.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
  absl::Time give_up = absl::InfiniteFuture();
  for (;;) {
    TakeNew();
    const absl::Time now = absl::Now();
    if (IsStopping() && give_up == absl::InfiniteFuture()) {
      give_up = now + kLastPatience;
      for (const auto& child : children_) {
        child->RequestStop(absl::ZeroDuration());
      }
    }
    absl::Time next = give_up;
    for (const auto& child : children_) {
      next = std::min(next, child->Advance(now));
    }
    std::erase_if(children_,
                  [](const auto& child) { return child->is_gone(); });
    if (give_up != absl::InfiniteFuture() &&
        (children_.empty() || now >= give_up)) {
      return;
    }
    std::vector<pollfd> polls = {
        {.fd = wake_.get(), .events = POLLIN, .revents = 0}};
    for (const auto& child : children_) child->AddTo(polls, now);
    poll(polls.data(), polls.size(), TimeoutUntil(next, absl::Now()));
    uint64_t ignored = 0;
    const ssize_t got = read(wake_.get(), &ignored, sizeof(ignored));
    static_cast<void>(got);
  }
}

}  // namespace warmup::exec
