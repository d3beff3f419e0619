#ifndef WARMUP_ADAPTERS_ENGINES_EXEC_EXEC_ENGINE_H_
#define WARMUP_ADAPTERS_ENGINES_EXEC_EXEC_ENGINE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/engines/exec/child.h"
#include "adapters/engines/exec/command.h"
#include "adapters/engines/exec/cpu_watch.h"
#include "adapters/engines/exec/entries.h"
#include "adapters/engines/exec/keeper.h"
#include "core/base/mutex.h"
#include "core/ports/engine.h"

namespace warmup {

inline constexpr EngineAbilities kExecAbilities = {.can_load = true,
                                                   .can_unload = true,
                                                   .has_tiers = false,
                                                   .shows_progress = false,
                                                   .shows_use = true,
                                                   .shows_memory = true};

// Servers that are started and stopped as commands: one for each model, running
// while it is warm. A model's source is the name in Command::model.
//
// A command must stay in the foreground. It runs in a session of its own and
// gets the stop signal, with all that it started, when its model is unloaded;
// what does not heed it within the grace is killed. Should this process die,
// the command dies with it; what that left is ended by the next Create.
//
// Nobody who answers in a command's place is taken for it: where one is asked
// at an address, nobody may answer there before it is started, and only one
// command at a time uses it. Use is guessed from processor time (see CpuWatch).
//
// Errors name the engine and the model; the stable reasons are
//   NOT_FOUND            MODEL_NOT_FOUND
//                        COMMAND_NOT_FOUND
//   FAILED_PRECONDITION  COMMAND_NOT_EXECUTABLE
//                        WORKING_DIRECTORY_UNUSABLE
//                        COMMAND_LEFT     it went into the background
//                        ADDRESS_IN_USE   by another model, or by a stranger
//                        MEMORY_IN_USE    it does not end even when killed
//   RESOURCE_EXHAUSTED   SYSTEM_LIMIT
//   UNAVAILABLE          COMMAND_ENDED    before it was ready
//   CANCELLED            CANCELLED        before it was ready
//
// Thread-safe. No I/O happens under the mutex.
class ExecEngine final : public Engine {
 public:
  // Both are called on a thread of the engine, which they must not hold up.
  using OutputCallback =
      std::function<void(std::string_view model, std::string_view line)>;
  using EndedCallback =
      std::function<void(std::string_view model, const absl::Status& why)>;
  struct Options {
    std::string id;
    std::vector<Command> commands;
    Environment inherited;  // as a rule InheritableEnvironment()
    // A folder of cgroup v2 that is delegated to us and counts the memory of
    // its children; empty: none.
    std::string cgroup;
    // A line of a command's output: printable, at most 20 a second.
    OutputCallback on_output = [](std::string_view, std::string_view) {};
    // A command that was ready has ended by itself, or (without a model, on
    // the thread that creates) an earlier warmupd's was still there.
    EndedCallback on_ended = [](std::string_view, const absl::Status&) {};
    // The longest that a load that is given up waits before it kills.
    absl::Duration abort_grace = absl::Seconds(1);
    // From SIGKILL until it is an error that something is still there.
    absl::Duration kill_patience = absl::Seconds(10);
  };

  // Ends what an earlier warmupd's commands left. INVALID_ARGUMENT naming the
  // field that is wrong.
  static absl::StatusOr<std::unique_ptr<ExecEngine>> Create(Options options);
  // Stops all commands, each within its grace.
  ~ExecEngine() override;

  EngineInfo info() const override;
  absl::StatusOr<std::vector<ModelSpec>> Discover() override;
  absl::StatusOr<ModelSpec> Describe(const ModelSpec& spec) override;
  absl::StatusOr<LoadResult> Load(const ModelSpec& spec,
                                  LoadControl& control) override
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status Unload(const ModelSpec& spec) override
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<std::vector<Sighting>> Look(
      const std::vector<ModelSpec>& specs) override ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using Entry = exec::Entry;
  enum class State { kNone, kStarting, kReady, kEnding };
  struct Run {  // of a command
    State state = State::kNone;
    std::shared_ptr<exec::Child> child;  // null: no process (yet)
    int64_t bytes = 0;
    absl::Time measured_at = absl::InfinitePast();
    std::vector<exec::ProcessInfo> kin;  // when it was measured
    exec::CpuWatch cpu;
  };

  ExecEngine(Options options, exec::Entries entries,
             std::unique_ptr<exec::Keeper> keeper);

  absl::Status Error(absl::StatusCode code, std::string_view reason,
                     const std::string& model, std::string_view what) const;
  // The same error, about this model.
  absl::Status About(const std::string& model, const absl::Status& why) const;
  absl::StatusOr<const Entry*> FindEntry(const std::string& model) const;
  Run RunOf(const std::string& model) ABSL_LOCKS_EXCLUDED(mutex_);
  void Forget(const std::string& model) ABSL_LOCKS_EXCLUDED(mutex_);

  // An error when somebody answers at its address; otherwise nobody else's
  // command is started there before this one is forgotten.
  absl::Status TakeAddress(const Entry& entry) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<std::shared_ptr<exec::Child>> Start(const Entry& entry)
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<LoadResult> StartAndAwait(const Entry& entry,
                                           LoadControl& control)
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status AwaitReady(const Entry& entry, exec::Child& child,
                          LoadControl& control);
  // Why it will not be ready any more; OK: it may.
  absl::Status Judge(const Entry& entry, const exec::Child& child) const;
  absl::Status EndedError(const std::string& model, const exec::ProcessEnd& end,
                          const std::string& last_words) const;
  // Returns when nothing of it is left, and it is forgotten.
  absl::Status End(const std::string& model, exec::Child& child,
                   absl::Duration grace) ABSL_LOCKS_EXCLUDED(mutex_);
  Residency Measure(const std::string& model, exec::Child& child)
      ABSL_LOCKS_EXCLUDED(mutex_);
  Sighting LookAt(const std::string& model) ABSL_LOCKS_EXCLUDED(mutex_);
  Sighting LookAtEnded(const std::string& model, exec::Child& child)
      ABSL_LOCKS_EXCLUDED(mutex_);

  const Options options_;  // without the commands
  const exec::Entries entries_;
  Mutex mutex_;
  std::map<std::string, Run> runs_ ABSL_GUARDED_BY(mutex_);
  const std::unique_ptr<exec::Keeper> keeper_;
};

}  // namespace warmup

#endif  // WARMUP_ADAPTERS_ENGINES_EXEC_EXEC_ENGINE_H_
