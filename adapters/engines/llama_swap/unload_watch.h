#ifndef WARMUP_ADAPTERS_ENGINES_LLAMA_SWAP_UNLOAD_WATCH_H_
#define WARMUP_ADAPTERS_ENGINES_LLAMA_SWAP_UNLOAD_WATCH_H_

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "adapters/engines/llama_swap/answers.h"
#include "adapters/engines/llama_swap/request_watch.h"

namespace warmup::llama_swap {

// How long after a model has stopped the one may start that it made room for.
inline constexpr absl::Duration kSwapTime = absl::Milliseconds(500);

// Tells which models somebody took out of memory by hand, from the states of
// all of them that the feed sends at each change.
//
// llama-swap says only that a model is stopping. It was no user who stopped it
// when another one starts then (a swap: the victims stop first), when it has
// been idle for its ttl, when it was us, or when it is gone without having
// stopped (its server died). What is in doubt is nobody's doing.
//
// A plain value, not thread-safe.
class UnloadWatch {
 public:
  // All models, whenever one changes. `requests`: who was used last, and when.
  void Observe(const std::vector<FeedMessage::ModelState>& states,
               absl::Time now, const RequestWatch& requests);
  // The connection is gone.
  void Forget();
  // As /running shows it.
  void SetTtl(const std::string& model, absl::Duration ttl);
  // What happens to it next is our doing, until it runs again.
  void GiveUp(const std::string& model) { given_up_.insert(model); }
  // Told once.
  bool TakeUnloaded(std::string_view model, absl::Time now);

 private:
  struct Seen {
    ProcessState state = ProcessState::kStopped;
    // Since when it has been stopped by hand, as it seems.
    absl::Time unloaded_at = absl::InfiniteFuture();
    bool is_by_hand = false;  // its stopping, under way
  };

  bool IsByHand(const std::string& model, absl::Time now,
                const RequestWatch& requests) const;

  std::map<std::string, Seen, std::less<>> seen_;
  std::map<std::string, absl::Duration, std::less<>> ttls_;
  std::set<std::string, std::less<>> given_up_;
  bool is_stopping_ = false;  // one of them is
};

}  // namespace warmup::llama_swap

#endif  // WARMUP_ADAPTERS_ENGINES_LLAMA_SWAP_UNLOAD_WATCH_H_
