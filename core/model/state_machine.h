#ifndef WARMUP_CORE_MODEL_STATE_MACHINE_H_
#define WARMUP_CORE_MODEL_STATE_MACHINE_H_

#include <string_view>

namespace warmup {

// What the daemon is doing with a model.
enum class ModelState { kCold, kLoading, kReady, kUnloading, kFailed };

std::string_view ToString(ModelState state);

// The only legal moves:
//   Cold -> Loading           a load starts
//   Loading -> Ready | Failed | Cold   done | engine error | cancelled
//   Ready -> Unloading        an unload starts
//   Ready -> Cold | Failed    the engine lost it | found broken
//   Unloading -> Cold | Ready memory is back | the engine refused
//   Failed -> Loading | Cold  a retry starts | forgotten
//   Cold -> Ready             found warm (an engine or user loaded it)
bool IsLegalTransition(ModelState from, ModelState to);

// A state that moves only legally: an illegal move aborts a debug build and
// is ignored in a release build (returns false; the caller reports it).
class ModelStateMachine {
 public:
  ModelState state() const { return state_; }
  bool MoveTo(ModelState to);

 private:
  ModelState state_ = ModelState::kCold;
};

}  // namespace warmup

#endif  // WARMUP_CORE_MODEL_STATE_MACHINE_H_
