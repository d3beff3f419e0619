#ifndef WARMUP_ADAPTERS_ENGINES_LLAMA_SWAP_FEED_H_
#define WARMUP_ADAPTERS_ENGINES_LLAMA_SWAP_FEED_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "absl/time/time.h"
#include "adapters/engines/http/http_client.h"
#include "adapters/engines/llama_swap/answers.h"
#include "adapters/engines/llama_swap/request_watch.h"
#include "adapters/engines/llama_swap/unload_watch.h"
#include "core/base/mutex.h"

namespace warmup::llama_swap {

// Listens to a llama-swap's /api/events on a thread of its own, for as long as
// it lives, and knows what they tell. While nothing happens there the thread
// sleeps; when the connection is lost it comes back, after pauses that grow to
// kLongestPause, or kAbsentPause where there is no such feed (an older
// version).
//
// Thread-safe; `http` outlives it.
class Feed {
 public:
  static constexpr absl::Duration kShortestPause = absl::Milliseconds(100);
  static constexpr absl::Duration kLongestPause = absl::Seconds(5);
  static constexpr absl::Duration kAbsentPause = absl::Minutes(1);
  // Of a request that is in flight and was not heard of for so long, the end
  // may have been lost: llama-swap drops events for a slow reader. Connecting
  // anew tells.
  static constexpr absl::Duration kNewsAge = absl::Minutes(5);

  explicit Feed(HttpClient& http);
  ~Feed();  // at once
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  // False for a version that does not tell who is used.
  bool ShowsUse() const ABSL_LOCKS_EXCLUDED(mutex_);
  // The server answers: what waits for it need wait no longer.
  void Wake(bool is_another_server) ABSL_LOCKS_EXCLUDED(mutex_);

  struct Sight {
    int64_t uses = 0;  // since the one before
    bool is_busy = false;
    bool was_unloaded = false;  // by hand; told once
  };
  Sight Look(std::string_view model) ABSL_LOCKS_EXCLUDED(mutex_);
  void SetTtl(const std::string& model, absl::Duration ttl)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Whether somebody's request is in flight on it, or came since it had had
  // `arrivals`.
  bool IsWanted(std::string_view model, int64_t arrivals) const
      ABSL_LOCKS_EXCLUDED(mutex_);
  int64_t ArrivalCount(std::string_view model) const
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits until nothing is in flight on it, as far as that can be known of this
  // version; false when that is not so within `patience`. Asks the server: what
  // the lasting connection has told may be behind by the request that is cut.
  bool AwaitIdle(std::string_view model, absl::Duration patience) const;
  // We are about to unload it.
  void GiveUp(const std::string& model) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  enum class State { kConnecting, kLive, kAbsent };

  void Run() ABSL_LOCKS_EXCLUDED(mutex_);
  // Until the connection ends.
  absl::Status Listen(const StopSignal& stop) ABSL_LOCKS_EXCLUDED(mutex_);
  void Take(const FeedMessage& message) ABSL_LOCKS_EXCLUDED(mutex_);
  // By what a new connection begins with.
  bool IsIdle(std::string_view model, absl::Duration timeout) const;

  HttpClient& http_;
  mutable Mutex mutex_;
  CondVar changed_;
  bool is_ending_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_awake_ ABSL_GUARDED_BY(mutex_) = false;
  State state_ ABSL_GUARDED_BY(mutex_) = State::kConnecting;
  absl::Time live_since_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  bool only_counts_ ABSL_GUARDED_BY(mutex_) = false;
  // Of the present connection.
  std::shared_ptr<StopSignal> stop_ ABSL_GUARDED_BY(mutex_);
  RequestWatch requests_ ABSL_GUARDED_BY(mutex_);
  UnloadWatch unloads_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace warmup::llama_swap

#endif  // WARMUP_ADAPTERS_ENGINES_LLAMA_SWAP_FEED_H_
