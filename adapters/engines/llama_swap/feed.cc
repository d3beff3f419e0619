#include "adapters/engines/llama_swap/feed.h"

#include <algorithm>

#include "absl/time/clock.h"

namespace warmup::llama_swap {
namespace {

constexpr char kPath[] = "/api/events";
// Between two questions of one wait.
constexpr absl::Duration kAskAgain = absl::Milliseconds(100);

}  // namespace

Feed::Feed(HttpClient& http) : http_(http), thread_([this] { Run(); }) {}

Feed::~Feed() {
  {
    MutexLock lock(mutex_);
    is_ending_ = true;
    if (stop_ != nullptr) stop_->Stop();
    changed_.NotifyAll();
  }
  thread_.join();
}

void Feed::Run() {
  absl::Duration pause = kShortestPause;
  for (;;) {
    const auto stop = std::make_shared<StopSignal>();
    {
      MutexLock lock(mutex_);
      if (is_ending_) return;
      stop_ = stop;
    }
    const absl::Status status = Listen(*stop);
    MutexLock lock(mutex_);
    const bool was_live = state_ == State::kLive;
    state_ = absl::IsFailedPrecondition(status) ? State::kAbsent
                                                : State::kConnecting;
    requests_.Forget();
    unloads_.Forget();
    pause = was_live ? kShortestPause : std::min(2 * pause, kLongestPause);
    if (!is_ending_ && !is_awake_) {
      changed_.WaitFor(mutex_, state_ == State::kAbsent ? kAbsentPause : pause);
    }
    is_awake_ = false;
  }
}

absl::Status Feed::Listen(const StopSignal& stop) {
  HttpFeed feed;
  feed.on_open = [this] {
    MutexLock lock(mutex_);
    state_ = State::kLive;
    live_since_ = absl::Now();
    only_counts_ = false;
  };
  feed.on_event = [this](const SseEvent& event) {
    // What cannot be read is passed over: the next snapshot tells.
    const auto message = ReadFeedMessage(event.data);
    if (message.ok()) Take(*message);
  };
  return http_.Listen(kPath, feed, stop);
}

void Feed::Take(const FeedMessage& message) {
  if (message.kind == FeedMessage::Kind::kOther) return;
  const absl::Time now = absl::Now();
  MutexLock lock(mutex_);
  if (message.kind == FeedMessage::Kind::kCount) only_counts_ = true;
  requests_.Observe(message, now);
  unloads_.Observe(message.states, now, requests_);
}

bool Feed::ShowsUse() const {
  MutexLock lock(mutex_);
  return state_ != State::kAbsent && !only_counts_;
}

void Feed::Wake(bool is_another_server) {
  const absl::Time now = absl::Now();
  MutexLock lock(mutex_);
  if (state_ == State::kLive) {
    if (requests_.OldestNews() < now - kNewsAge &&
        live_since_ < now - kNewsAge) {
      stop_->Stop();
    }
  } else if (is_another_server || state_ == State::kConnecting) {
    is_awake_ = true;
    changed_.NotifyAll();
  }
}

Feed::Sight Feed::Look(std::string_view model) {
  const absl::Time now = absl::Now();
  MutexLock lock(mutex_);
  return {.uses = requests_.TakeUses(model),
          .is_busy = requests_.is_known() && requests_.InFlight(model) > 0,
          .was_unloaded = unloads_.TakeUnloaded(model, now)};
}

void Feed::SetTtl(const std::string& model, absl::Duration ttl) {
  MutexLock lock(mutex_);
  unloads_.SetTtl(model, ttl);
}

bool Feed::IsWanted(std::string_view model, int64_t arrivals) const {
  MutexLock lock(mutex_);
  return requests_.ArrivalCount(model) > arrivals ||
         (requests_.is_known() && requests_.InFlight(model) > 0);
}

int64_t Feed::ArrivalCount(std::string_view model) const {
  MutexLock lock(mutex_);
  return requests_.ArrivalCount(model);
}

bool Feed::AwaitIdle(std::string_view model, absl::Duration patience) const {
  const absl::Time deadline = absl::Now() + patience;
  while (!IsIdle(model, deadline - absl::Now())) {
    const absl::Duration left = deadline - absl::Now();
    if (left <= absl::ZeroDuration()) return false;
    absl::SleepFor(std::min(left, kAskAgain));
  }
  return true;
}

bool Feed::IsIdle(std::string_view model, absl::Duration timeout) const {
  if (timeout <= absl::ZeroDuration()) return false;
  RequestWatch present;
  bool only_counts = false;
  StopSignal stop;
  HttpFeed feed;
  feed.answer_timeout = timeout;
  feed.idle_timeout = timeout;
  feed.on_event = [&](const SseEvent& event) {
    const auto message = ReadFeedMessage(event.data);
    if (!message.ok() || stop.IsStopped()) return;
    present.Observe(*message, absl::Now());
    only_counts = message->kind == FeedMessage::Kind::kCount;
    if (present.is_known() || only_counts) stop.Stop();
  };
  const absl::Status end = http_.Listen(kPath, feed, stop);
  if (present.is_known()) return present.InFlight(model) == 0;
  return only_counts || absl::IsFailedPrecondition(end);
}

void Feed::GiveUp(const std::string& model) {
  MutexLock lock(mutex_);
  unloads_.GiveUp(model);
}

}  // namespace warmup::llama_swap
