#include "adapters/engines/http/load_calls.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"

namespace warmup {
namespace {

// A server that has not answered by then hangs.
constexpr absl::Duration kLongestLeft = absl::Minutes(10);

}  // namespace

LoadCalls::~LoadCalls() {
  std::list<Call> calls;
  {
    MutexLock lock(mutex_);
    is_stopping_ = true;
    calls.swap(calls_);  // their places in memory stay
  }
  for (Call& call : calls) call.thread.join();
}

absl::StatusOr<HttpResponse> LoadCalls::Post(
    const std::string& path, const std::string& body,
    const std::function<bool()>& is_cancelled,
    std::function<void(const HttpResponse&)> give_back) {
  Sweep();
  Call* call = nullptr;
  {
    MutexLock lock(mutex_);
    call = &calls_.emplace_back();
    call->thread =
        std::thread([this, call, path, body, give_back = std::move(give_back)] {
          Run(*call, path, body, give_back);
        });
  }
  for (;;) {
    const bool is_unwanted = is_cancelled();
    MutexLock lock(mutex_);
    if (call->answer.has_value()) return *std::move(call->answer);
    if (is_unwanted) {
      call->left_at = absl::Now();
      return http_.Error(absl::StatusCode::kCancelled, "CANCELLED",
                         "POST " + path + ": cancelled");
    }
    changed_.WaitFor(mutex_, kCancelLatency);
  }
}

int LoadCalls::CountLeft() const {
  MutexLock lock(mutex_);
  return static_cast<int>(
      std::count_if(calls_.begin(), calls_.end(), [](const Call& call) {
        return call.left_at.has_value() && !call.is_over;
      }));
}

void LoadCalls::Run(Call& call, const std::string& path,
                    const std::string& body,
                    const std::function<void(const HttpResponse&)>& give_back) {
  Answer answer = http_.Post(
      path, body, {.timeout = absl::InfiniteDuration(), .is_cancelled = [&] {
                     return IsHopeless(call);
                   }});
  bool is_left = false;
  {
    MutexLock lock(mutex_);
    is_left = call.left_at.has_value();
    if (!is_left) call.answer = answer;
    changed_.NotifyAll();
  }
  if (is_left && answer.ok()) give_back(*answer);
  MutexLock lock(mutex_);
  call.is_over = true;
}

bool LoadCalls::IsHopeless(const Call& call) {
  MutexLock lock(mutex_);
  return is_stopping_ || (call.left_at.has_value() &&
                          absl::Now() - *call.left_at > kLongestLeft);
}

void LoadCalls::Sweep() {
  std::list<Call> over;
  {
    MutexLock lock(mutex_);
    for (auto it = calls_.begin(); it != calls_.end();) {
      const auto next = std::next(it);
      if (it->is_over) over.splice(over.end(), calls_, it);
      it = next;
    }
  }
  for (Call& call : over) call.thread.join();
}

}  // namespace warmup
