#ifndef WARMUP_CORE_PREDICT_MEMORY_H_
#define WARMUP_CORE_PREDICT_MEMORY_H_

#include <string>

#include "core/base/limits.h"
#include "core/model/model.h"
#include "core/predict/lru_map.h"
#include "core/predict/names.h"
#include "core/predict/popular.h"
#include "core/predict/predictor.h"
#include "core/predict/predictor_state.h"
#include "core/predict/scope.h"

namespace warmup::predict {

// How models recur and how uses follow each other in a typical scope of one
// kind (one user's, everybody's): what a scope without evidence falls back
// to. Whatever begins also ends once: the first use counts as one gap without
// end, or else the few that came back would speak for the many that did not.
struct Habits {
  GapHistogram reuse{256};     // gaps between uses of one model
  GapHistogram arrivals{256};  // gaps between uses of any model

  void Learn(const Scope::Learned& learned);
};

// Everything the predictor has learned. Bounded: by names for everybody, by
// the limits for users and sessions, of which the least recently active are
// forgotten.
class Memory {
 public:
  static constexpr Scope::Limits kEverybodyLimits = {limits::kMaxModels, 8192};
  static constexpr Scope::Limits kUserLimits = {limits::kMaxCandidates, 128};
  static constexpr Scope::Limits kSessionLimits = {16, 16};

  explicit Memory(absl::TimeZone zone);

  void Observe(const Usage& usage);
  void Observe(const Announcement& announcement);
  void ForgetSession(const SessionId& session);
  void ForgetModel(const ModelId& model);

  PredictorState Export() const;
  void Import(const PredictorState& state);

  absl::TimeZone zone() const { return zone_; }
  const NameTable& names() const { return names_; }
  const Scope& everybody() const { return everybody_; }
  // nullptr: unknown or forgotten.
  const Scope* User(const std::string& user) const { return users_.Find(user); }
  const Scope* Session(const SessionId& session) const {
    return sessions_.Find(session);
  }
  const Habits& everybody_habits() const { return everybody_habits_; }
  const Habits& user_habits() const { return user_habits_; }
  const PopularModels& popular() const { return popular_; }
  // How often a use is of the same model as the user's use before it.
  double repeat_rate() const { return repeats_.Rate(0.5, 2); }

 private:
  LearnedScope ExportScope(const std::string& user, const Scope& scope) const;
  static LearnedHabits ExportHabits(const Habits& habits);
  void ImportScope(const LearnedScope& learned, Scope* scope);
  static void ImportHabits(const LearnedHabits& learned, Habits* habits);
  void CountPopular(NameIndex model, LocalTime local);
  void CountAllPopular();

  absl::TimeZone zone_;
  NameTable names_;
  Scope everybody_;
  LruMap<std::string, Scope> users_;
  LruMap<SessionId, Scope> sessions_;
  Habits everybody_habits_;
  Habits user_habits_;
  Tally repeats_;
  PopularModels popular_;
};

}  // namespace warmup::predict

#endif  // WARMUP_CORE_PREDICT_MEMORY_H_
