#include "core/model/state_machine.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <set>
#include <utility>

#include "tests/support/catch.h"

namespace warmup {
namespace {

constexpr ModelState kStates[] = {ModelState::kCold, ModelState::kLoading,
                                  ModelState::kReady, ModelState::kUnloading,
                                  ModelState::kFailed};

const std::set<std::pair<ModelState, ModelState>> kLegal = {
    {ModelState::kCold, ModelState::kLoading},
    {ModelState::kCold, ModelState::kReady},
    {ModelState::kLoading, ModelState::kReady},
    {ModelState::kLoading, ModelState::kFailed},
    {ModelState::kLoading, ModelState::kCold},
    {ModelState::kReady, ModelState::kUnloading},
    {ModelState::kReady, ModelState::kCold},
    {ModelState::kReady, ModelState::kFailed},
    {ModelState::kUnloading, ModelState::kCold},
    {ModelState::kUnloading, ModelState::kReady},
    {ModelState::kFailed, ModelState::kLoading},
    {ModelState::kFailed, ModelState::kCold},
};

// Brings a machine from Cold to `state` by legal moves.
ModelStateMachine MachineIn(ModelState state) {
  ModelStateMachine machine;
  if (state == ModelState::kLoading || state == ModelState::kFailed) {
    machine.MoveTo(ModelState::kLoading);
  }
  if (state == ModelState::kUnloading) machine.MoveTo(ModelState::kReady);
  if (state != machine.state()) machine.MoveTo(state);
  return machine;
}

// True if `body` aborts, in a child process.
template <typename Body>
bool Aborts(Body body) {
  const pid_t child = fork();
  if (child == 0) {
    // Catch2's own handler would print a failure of this test.
    std::signal(SIGABRT, SIG_DFL);
    if (std::freopen("/dev/null", "w", stderr) == nullptr) _exit(2);
    body();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

TEST_CASE("ModelStateMachine: every pair of states is as the table says") {
  for (const ModelState from : kStates) {
    for (const ModelState to : kStates) {
      INFO(ToString(from) << " -> " << ToString(to));
      CHECK(IsLegalTransition(from, to) == kLegal.contains({from, to}));
    }
  }
}

TEST_CASE("ModelStateMachine: a legal move moves") {
  for (const auto& [from, to] : kLegal) {
    INFO(ToString(from) << " -> " << ToString(to));
    ModelStateMachine machine = MachineIn(from);
    REQUIRE(machine.state() == from);
    CHECK(machine.MoveTo(to));
    CHECK(machine.state() == to);
  }
}

TEST_CASE("ModelStateMachine: an illegal move aborts a debug build") {
  for (const ModelState from : kStates) {
    for (const ModelState to : kStates) {
      if (kLegal.contains({from, to})) continue;
      INFO(ToString(from) << " -> " << ToString(to));
#ifdef NDEBUG
      ModelStateMachine machine = MachineIn(from);
      CHECK_FALSE(machine.MoveTo(to));
      CHECK(machine.state() == from);
#else
      CHECK(Aborts([&] { MachineIn(from).MoveTo(to); }));
#endif
    }
  }
  CHECK_FALSE(Aborts([] {}));
}

TEST_CASE("ModelState: names are for people and distinct") {
  std::set<std::string_view> names;
  for (const ModelState state : kStates) names.insert(ToString(state));
  CHECK(names == std::set<std::string_view>{"cold", "loading", "ready",
                                            "unloading", "failed"});
}

}  // namespace
}  // namespace warmup
