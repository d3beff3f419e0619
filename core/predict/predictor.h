#ifndef WARMUP_CORE_PREDICT_PREDICTOR_H_
#define WARMUP_CORE_PREDICT_PREDICTOR_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "core/model/model.h"
#include "core/predict/predictor_state.h"

namespace warmup {

// A request to a model that really happened, reported or observed.
struct Usage {
  ModelId model;
  SessionId session;  // may be empty
  std::string user;   // may be empty
  absl::Time at;
};

// A client named a model it is about to use: a chat panel opened on a role, a
// session began whose configuration binds the model.
struct Announcement {
  ModelId model;
  SessionId session;
  std::string user;
  absl::Time at;
};

// A sign of life without a model: files, typing, builds. Kinds, never text.
struct Activity {
  std::string kind;
  SessionId session;
  std::string user;
  absl::Time at;
};

// Who asks; the back-off goes session, user, everybody.
struct ForecastContext {
  SessionId session;
  std::string user;
};

// Probabilities that a model is used at least once within each horizon from
// `now`; never a score. p_1min <= p_5min <= p_1h, each in [0, 1].
struct Forecast {
  ModelId model;
  double p_1min = 0;
  double p_5min = 0;
  double p_1h = 0;
  absl::Duration expected_until_use;  // median; InfiniteDuration: not in sight
  // For people, strongest first, at most 4. Predict leaves it empty: ask
  // Explain for the few models that are shown.
  std::vector<std::string> reasons;
};

// A forecast before it is spelled out: cheap to make for every candidate.
struct Chance {
  const ModelId* model;  // until the predictor is told or forgets something
  double p_1min;
  double p_5min;
  double p_1h;
};

// Online predictor: no training phase, memory bounded by the number of models
// and users. Sans-I/O, not thread-safe; the runtime's lock guards it. Usage
// and announcements may come slightly out of order (see limits::kMaxFactAge).
// Only models that were used or announced are ever forecast.
class Predictor {
 public:
  // Hours and weekdays are counted in `zone`.
  explicit Predictor(absl::TimeZone zone);
  ~Predictor();
  Predictor(Predictor&&) noexcept;
  Predictor& operator=(Predictor&&) noexcept;

  void Observe(const Usage& usage);
  void Observe(const Announcement& announcement);
  void Observe(const Activity& activity);
  void ForgetSession(const SessionId& session);
  void ForgetModel(const ModelId& model);

  // The models that may be used soon, most probable (by p_5min, then p_1h)
  // first. Scores a candidate list of at most limits::kMaxCandidates, so its
  // cost does not grow with the catalogue. Does not allocate per known model.
  std::vector<Chance> Rank(absl::Time now,
                           const ForecastContext& context) const;
  static Forecast SpellOut(const Chance& chance);
  // The first `max_results` of them, spelled out.
  std::vector<Forecast> Predict(absl::Time now, const ForecastContext& context,
                                size_t max_results) const;

  // Why `model` may be used soon, for people, strongest first, at most 4.
  std::vector<std::string> Explain(absl::Time now,
                                   const ForecastContext& context,
                                   const ModelId& model) const;

  // For the store. Import replaces everything; what does not fit the bounds
  // is dropped.
  PredictorState Export() const;
  void Import(const PredictorState& state);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace warmup

#endif  // WARMUP_CORE_PREDICT_PREDICTOR_H_
