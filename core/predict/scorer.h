#ifndef WARMUP_CORE_PREDICT_SCORER_H_
#define WARMUP_CORE_PREDICT_SCORER_H_

#include <array>

#include "absl/time/time.h"
#include "core/predict/candidates.h"
#include "core/predict/inter_arrival.h"
#include "core/predict/memory.h"

namespace warmup::predict {

// What speaks for one model, and what it amounts to. Negative where there is
// nothing to say.
struct Score {
  Horizons p{};                // the answer: use within each horizon
  Horizons reuse{-1, -1, -1};  // by how this model recurs
  Horizons chain{};            // by what comes next and after it
  double next = 0;             // share of next uses, by what came before
  double share = 0;            // share of all uses lately
  double lift = 1;             // by hour and weekday
  double announced = -1;       // by an announcement that is pending
};

// Turns what was learned into probabilities, for one moment and one asker.
//
// The model's own recurrence R(h) (inter_arrival.h) backs off from the session
// to the user, then to how any model recurs. What comes next backs off like
// interpolated Witten-Bell / PPM smoothing: with c of n cases in a context,
//   q = (c + k q') / (n + k),
// q' the next lower order; and N(h) = A(h) q with A(h) the probability of any
// use at all, from the gaps between uses. Both are probabilities of the same
// thing from different evidence; Mix averages them as log-odds (logarithmic
// opinion pool, Genest and Zidek 1986). An announcement a seconds old that is
// kept in r of cases gives r (1 - a / lifetime), and the forecast is the
// larger one.
class Scorer {
 public:
  Scorer(const Memory& memory, const View& view, double now_seconds,
         LocalTime local);

  Score Evaluate(NameIndex model) const;
  const Horizons& any_use() const { return any_use_; }

 private:
  void NextOf(NameIndex model, Score* score) const;
  void AddSuccessors(const Scope* scope, NameIndex before);
  double AnnouncedOf(NameIndex model) const;
  bool ReuseOf(NameIndex model, Score* score) const;

  const Memory& memory_;
  const View view_;
  const Scope& base_;  // the user's, or everybody's
  const double now_;
  const LocalTime local_;
  NameIndex last_;
  Horizons any_use_{};
  Horizons followers_{};
  // What followed the last models before, the strongest evidence last.
  struct Successors {
    const SuccessorList* list;
    double scale;  // 1 / (all cases + the prior's weight)
  };
  std::array<Successors, 4> successors_;
  size_t successor_lists_ = 0;
};

}  // namespace warmup::predict

#endif  // WARMUP_CORE_PREDICT_SCORER_H_
