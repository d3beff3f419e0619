#ifndef WARMUP_ADAPTERS_ENGINES_FILES_RESIDENCY_ROUND_H_
#define WARMUP_ADAPTERS_ENGINES_FILES_RESIDENCY_ROUND_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/mutex.h"
#include "core/ports/engine.h"

namespace warmup {

// How much is in the page cache of models that nobody holds there. They are
// measured in turn, with each look as many as fit into its time but at least
// one, so that a look at thousands of models costs no more than one at a few.
// What is told of the others is as old as the round.
//
// Thread-safe. No I/O happens under the mutex.
class ResidencyRound {
 public:
  using MeasureCallback =
      std::function<absl::StatusOr<Residency>(const ModelSpec&)>;

  explicit ResidencyRound(absl::Duration time) : time_(time) {}

  // Of each of `models`, which come in order of their ids. What cannot be
  // measured is cold; whatever is in the cache, nobody answers: no tier is
  // higher than kHost.
  std::vector<Residency> Look(const std::vector<const ModelSpec*>& models,
                              const MeasureCallback& measure)
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // Forgets what is not among `models` any more.
  void Prune(const std::vector<const ModelSpec*>& models)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const absl::Duration time_;
  Mutex mutex_;
  ModelId last_ ABSL_GUARDED_BY(mutex_);                            // measured
  std::map<std::string, Residency> known_ ABSL_GUARDED_BY(mutex_);  // by source
};

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_FILES_RESIDENCY_ROUND_H_
