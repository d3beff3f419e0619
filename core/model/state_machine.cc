#include "core/model/state_machine.h"

#include "core/base/check.h"

namespace warmup {

std::string_view ToString(ModelState state) {
  switch (state) {
    case ModelState::kCold:
      return "cold";
    case ModelState::kLoading:
      return "loading";
    case ModelState::kReady:
      return "ready";
    case ModelState::kUnloading:
      return "unloading";
    case ModelState::kFailed:
      return "failed";
  }
  return "unknown";
}

bool IsLegalTransition(ModelState from, ModelState to) {
  switch (from) {
    case ModelState::kCold:
      return to == ModelState::kLoading || to == ModelState::kReady;
    case ModelState::kLoading:
      return to == ModelState::kReady || to == ModelState::kFailed ||
             to == ModelState::kCold;
    case ModelState::kReady:
      return to == ModelState::kUnloading || to == ModelState::kCold ||
             to == ModelState::kFailed;
    case ModelState::kUnloading:
      return to == ModelState::kCold || to == ModelState::kReady;
    case ModelState::kFailed:
      return to == ModelState::kLoading || to == ModelState::kCold;
  }
  return false;
}

bool ModelStateMachine::MoveTo(ModelState to) {
  const bool is_legal = IsLegalTransition(state_, to);
  WARMUP_DCHECK(is_legal);
  if (is_legal) state_ = to;
  return is_legal;
}

}  // namespace warmup
