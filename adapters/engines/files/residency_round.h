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

// What each look may spend on it.
inline constexpr absl::Duration kRoundTime = absl::Milliseconds(1);

// Whether models that nobody holds in the page cache are there all the same.
// They are measured in turn, with each look as many as fit into its time but at
// least one, so that a look at thousands of models costs no more than one at a
// few. What is told of the others is as old as the round.
//
// Thread-safe. No I/O happens under the mutex.
class ResidencyRound {
 public:
  using MeasureCallback =
      std::function<absl::StatusOr<Residency>(const ModelSpec&)>;

  explicit ResidencyRound(absl::Duration time) : time_(time) {}

  // Sets is_cached of those of `specs`, in order of their ids, that are cold by
  // their sightings. What cannot be measured is not cached.
  void Look(const std::vector<ModelSpec>& specs, const MeasureCallback& measure,
            std::vector<Sighting>* sightings) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Measure(const std::vector<const ModelSpec*>& models,
               const MeasureCallback& measure) ABSL_LOCKS_EXCLUDED(mutex_);
  // Forgets what is not among `models` any more.
  void Prune(const std::vector<const ModelSpec*>& models)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const absl::Duration time_;
  Mutex mutex_;
  ModelId last_ ABSL_GUARDED_BY(mutex_);                           // measured
  std::map<std::string, bool> is_cached_ ABSL_GUARDED_BY(mutex_);  // by source
};

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_FILES_RESIDENCY_ROUND_H_
