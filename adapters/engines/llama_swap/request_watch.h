#ifndef WARMUP_ADAPTERS_ENGINES_LLAMA_SWAP_REQUEST_WATCH_H_
#define WARMUP_ADAPTERS_ENGINES_LLAMA_SWAP_REQUEST_WATCH_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "adapters/engines/llama_swap/answers.h"

namespace warmup::llama_swap {

// Which requests are in flight, and how many came, by what the feed says.
//
// A connection to the feed begins with all that are in flight. Of the first
// one these are no uses: nobody knows since when they run. Of a later one those
// that were not known are. Calls of a model's /health are none, our own loads
// among them. What came and went while there was no connection is not seen.
//
// A plain value, not thread-safe.
class RequestWatch {
 public:
  void Observe(const FeedMessage& message, absl::Time now);
  // The connection is gone.
  void Forget() { is_known_ = false; }

  // Whether what is in flight is known at all.
  bool is_known() const { return is_known_; }
  int64_t InFlight(std::string_view model) const;
  // Since the start.
  int64_t ArrivalCount(std::string_view model) const;
  // Since this was last asked.
  int64_t TakeUses(std::string_view model);
  // When the last request ended that is known of; InfinitePast: none is.
  absl::Time LastEnd(std::string_view model) const;
  // The oldest time at which something was heard of a request in flight; its
  // end may have been missed. InfiniteFuture: there is none.
  absl::Time OldestNews() const;

 private:
  struct Open {
    Request request;
    absl::Time heard_at;
  };
  struct Counts {
    int64_t arrived = 0;
    int64_t taken = 0;
    absl::Time last_end = absl::InfinitePast();
  };

  void Replace(const std::vector<Request>& requests, absl::Time now);
  void Begin(const Request& request, absl::Time now, bool is_use);
  void End(const std::string& id, absl::Time now);

  bool is_known_ = false;
  bool has_been_known_ = false;
  std::map<std::string, Open, std::less<>> open_;  // by id
  std::map<std::string, Counts, std::less<>> models_;
};

}  // namespace warmup::llama_swap

#endif  // WARMUP_ADAPTERS_ENGINES_LLAMA_SWAP_REQUEST_WATCH_H_
