#ifndef WARMUP_CORE_RUNTIME_WARMUP_TALLY_H_
#define WARMUP_CORE_RUNTIME_WARMUP_TALLY_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>

#include "absl/time/time.h"
#include "core/model/model.h"

namespace warmup {

// Counts what became of guesses (loads that nobody had asked for), and how
// those who came for a model found it. Sans-I/O, not thread-safe; remembers one
// small course for each model it heard of, until it is to forget it.
class WarmupTally {
 public:
  // A demand and the report of the use that it was for are one use, if the
  // report comes within so long.
  static constexpr absl::Duration kSameUse = absl::Minutes(2);
  // Who comes for a model that is not ready counts with the one before, if that
  // was within so long and the model has not come and gone since.
  static constexpr absl::Duration kSameAbsence = absl::Minutes(5);
  // The median is of so many.
  static constexpr size_t kLeads = 256;

  // Each only grows, but the median.
  struct Counts {
    uint64_t used = 0;    // guesses
    uint64_t late = 0;    // of them: somebody came while it was loading
    uint64_t unused = 0;  // guesses: cancelled, or gone before anybody came
    uint64_t missed = 0;  // somebody found the model not ready
    // Somebody found it ready, and it needed no guess: it was there from a use
    // before, or asked for.
    uint64_t idle_uses = 0;
    absl::Duration lead;         // from ready to first use, of all in time
    absl::Duration median_lead;  // of the last ones; zero: none

    uint64_t InTime() const { return used - late; }
  };
  const Counts& counts() const { return counts_; }

  enum class LoadEnd { kReady, kFailed, kCancelled };
  void OnLoadStarted(const ModelId& model, bool is_guess);
  void OnLoadEnded(absl::Time now, const ModelId& model, LoadEnd end);
  // It is ready, and no load of ours made it so.
  void OnFoundReady(absl::Time now, const ModelId& model);
  // It is being unloaded, or was lost.
  void OnGone(absl::Time now, const ModelId& model);
  // Somebody wants it now.
  void OnDemanded(absl::Time now, const ModelId& model);
  // A use of it began at `at`, and is told only now.
  void OnUsed(absl::Time now, const ModelId& model, absl::Time at);
  void Forget(const ModelId& model) { courses_.erase(model); }

 private:
  struct Course {
    bool is_guess = false;  // the load under way, or what made it ready
    bool is_ready = false;
    bool was_used = false;  // of a guess: it is decided
    absl::Time ready_at = absl::InfinitePast();
    absl::Time gone_at = absl::InfinitePast();
    absl::Time missed_at = absl::InfinitePast();
    absl::Time demanded_at = absl::InfinitePast();  // and no use told since
  };

  void OnCome(Course& course, absl::Time at);
  void CountMissed(Course& course, absl::Time at);
  void CountLead(absl::Duration lead);

  std::map<ModelId, Course> courses_;
  std::deque<absl::Duration> leads_;  // the last ones, oldest first
  Counts counts_;
};

}  // namespace warmup

#endif  // WARMUP_CORE_RUNTIME_WARMUP_TALLY_H_
