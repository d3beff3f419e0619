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
  std::vector<std::shared_ptr<Call>> calls;
  {
    MutexLock lock(mutex_);
    is_stopping_ = true;
    calls.swap(calls_);
  }
  for (const auto& call : calls) call->thread.join();
}

absl::StatusOr<HttpResponse> LoadCalls::Post(
    const std::string& path, const std::string& body,
    const std::function<bool()>& is_cancelled,
    std::function<void(const HttpResponse&)> give_back) {
  Sweep();
  const auto call = std::make_shared<Call>();
  {
    MutexLock lock(mutex_);
    call->thread = std::thread([this, call = call.get(), path, body,
                                give_back = std::move(give_back)] {
      Run(*call, path, body, give_back);
    });
    calls_.push_back(call);
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
      std::count_if(calls_.begin(), calls_.end(), [](const auto& call) {
        return call->left_at.has_value() && !call->is_over;
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
  std::vector<std::shared_ptr<Call>> over;
  {
    MutexLock lock(mutex_);
    const auto first_over =
        std::partition(calls_.begin(), calls_.end(),
                       [](const auto& call) { return !call->is_over; });
    over.assign(first_over, calls_.end());
    calls_.erase(first_over, calls_.end());
  }
  for (const auto& call : over) call->thread.join();
}

}  // namespace warmup
