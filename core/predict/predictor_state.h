#ifndef WARMUP_CORE_PREDICT_PREDICTOR_STATE_H_
#define WARMUP_CORE_PREDICT_PREDICTOR_STATE_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "core/model/model.h"

namespace warmup {

// Everything a predictor has learned, as plain values, so that the store can
// write it in its own versioned form. Scope "" is everybody; any other scope
// is a user. Sessions are not kept: they end.

// How often and when one model was used in one scope.
struct LearnedUse {
  ModelId model;
  double count = 0;  // decayed
  absl::Time last_used;
  // Decayed counts of the gaps between uses, in log2 classes of seconds.
  std::array<double, 24> gap_counts{};
  std::array<double, 24> hour_counts{};
  std::array<double, 7> weekday_counts{};
};

// `next` followed `previous` (order 1) or `before_previous, previous`
// (order 2; before_previous empty in order 1).
struct LearnedSuccession {
  ModelId before_previous;
  ModelId previous;
  ModelId next;
  double count = 0;
};

// How often an announcement of a model (empty: of any) was followed by its
// use.
struct LearnedAnnouncement {
  ModelId model;
  double announced = 0;
  double used = 0;
};

// Lists go from the most to the least recent.
struct LearnedScope {
  std::string user;
  std::vector<LearnedUse> uses;
  std::vector<LearnedSuccession> successions;
  std::vector<LearnedAnnouncement> announcements;
  std::vector<ModelId> last_models;  // newest first, at most 2
  // Gaps between uses of any model, as gap_counts.
  std::array<double, 24> arrival_counts{};
};

// How models recur in a typical scope of one kind; counts as in LearnedUse.
struct LearnedHabits {
  std::array<double, 24> reuse_counts{};
  std::array<double, 24> arrival_counts{};
};

struct PredictorState {
  std::vector<LearnedScope> scopes;
  LearnedHabits user_habits;
  LearnedHabits everybody_habits;
  // Of how many uses (decayed) how many were of the model used before.
  double follow_count = 0;
  double repeat_count = 0;
};

}  // namespace warmup

#endif  // WARMUP_CORE_PREDICT_PREDICTOR_STATE_H_
