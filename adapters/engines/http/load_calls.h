#ifndef WARMUP_ADAPTERS_ENGINES_HTTP_LOAD_CALLS_H_
#define WARMUP_ADAPTERS_ENGINES_HTTP_LOAD_CALLS_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "adapters/engines/http/http_client.h"
#include "core/base/mutex.h"

namespace warmup {

// Calls that ask a server for a load which it does not give up when its caller
// leaves. Whoever no longer wants the load leaves at once; the call goes on
// behind his back, so that what it brought in after all can be given back, and
// nothing else.
//
// Thread-safe. `http` outlives it. Its end ends the calls that go on, and waits
// for what is run for them.
class LoadCalls {
 public:
  explicit LoadCalls(HttpClient& http) : http_(http) {}
  ~LoadCalls();
  LoadCalls(const LoadCalls&) = delete;
  LoadCalls& operator=(const LoadCalls&) = delete;

  // POSTs and waits for the answer, however long it takes. CANCELLED within
  // kCancelLatency of `is_cancelled`; if an answer comes all the same,
  // `give_back` is run with it, on another thread.
  absl::StatusOr<HttpResponse> Post(
      const std::string& path, const std::string& body,
      const std::function<bool()>& is_cancelled,
      std::function<void(const HttpResponse&)> give_back)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Calls that go on though nobody waits for them, or are being given back.
  int CountLeft() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using Answer = absl::StatusOr<HttpResponse>;
  struct Call {
    std::thread thread;
    std::optional<Answer> answer;
    std::optional<absl::Time> left_at;  // by who made it
    bool is_over = false;               // its thread has nothing left to do
  };

  void Run(Call& call, const std::string& path, const std::string& body,
           const std::function<void(const HttpResponse&)>& give_back)
      ABSL_LOCKS_EXCLUDED(mutex_);
  bool IsHopeless(const Call& call) ABSL_LOCKS_EXCLUDED(mutex_);
  // Forgets the calls that are over.
  void Sweep() ABSL_LOCKS_EXCLUDED(mutex_);

  HttpClient& http_;
  mutable Mutex mutex_;
  CondVar changed_;
  bool is_stopping_ ABSL_GUARDED_BY(mutex_) = false;
  // Shared with those who wait: a call may be over, and swept, before its
  // answer is taken. What they hold is guarded too, but for the threads.
  std::vector<std::shared_ptr<Call>> calls_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_HTTP_LOAD_CALLS_H_
