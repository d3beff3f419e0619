#ifndef WARMUP_TESTS_ADAPTERS_ENGINES_EXEC_EXEC_FIXTURE_H_
#define WARMUP_TESTS_ADAPTERS_ENGINES_EXEC_EXEC_FIXTURE_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/engines/exec/exec_engine.h"
#include "adapters/engines/exec/process_table.h"
#include "core/base/error.h"
#include "core/base/mutex.h"
#include "tests/support/background_load.h"
#include "tests/support/server_process.h"
#include "tests/support/temp_folder.h"

namespace warmup {

// A load that is cancelled when `is_cancelled` says so, which is asked on the
// thread that loads.
class ControlBy final : public LoadControl {
 public:
  explicit ControlBy(std::function<bool()> is_cancelled)
      : is_cancelled_(std::move(is_cancelled)) {}
  bool IsCancelled() const override { return is_cancelled_(); }
  void ReportProgress(int64_t /*done*/, int64_t /*total*/) override {}

 private:
  const std::function<bool()> is_cancelled_;
};

// An engine whose commands are scripts in a folder of the test. At the end no
// process of it may be left.
class ExecHome {
 public:
  ExecHome();
  ~ExecHome();

  // A program; its path. For the shell, unless it begins with "#!".
  std::string Script(const std::string& name, const std::string& text) const;
  // A server in Python, by serve.py: `rest` are its arguments.
  Command Server(const std::string& model, int port,
                 const std::vector<std::string>& rest = {}) const;
  // A shell script that is ready when it says so.
  Command Shell(const std::string& model, const std::string& text) const;

  // The options for these, with short patience.
  ExecEngine::Options Options(std::vector<Command> commands);
  // Makes the engine.
  ExecEngine& Start(std::vector<Command> commands);
  ExecEngine& Start(ExecEngine::Options options);
  ExecEngine& engine() { return *engine_; }
  // Destroys it.
  void Stop() { engine_.reset(); }

  ModelSpec Spec(const std::string& model) const;
  absl::StatusOr<LoadResult> Load(const std::string& model);
  LoadResult LoadOk(const std::string& model);
  void UnloadOk(const std::string& model);
  Sighting LookAt(const std::string& model);

  // The living processes that have the engine's marker.
  std::vector<exec::ProcessInfo> Processes() const;
  // The one that the engine started for the model; nothing: there is none.
  std::optional<exec::ProcessInfo> FindLeader(const std::string& model) const;
  exec::ProcessInfo LeaderOf(const std::string& model) const;
  // What a process wrote into a file of the folder; waits for its end of line.
  std::string Await(const std::string& file) const;

  const std::string& id() const { return id_; }
  std::string File(const std::string& name) const { return folder_.File(name); }
  // Copies of what the callbacks were told.
  std::vector<std::string> lines() ABSL_LOCKS_EXCLUDED(mutex_);
  std::vector<std::pair<std::string, absl::Status>> ended()
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  TempFolder folder_;
  const std::string id_;
  Mutex mutex_;
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::pair<std::string, absl::Status>> ended_
      ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<ExecEngine> engine_;  // goes first: it calls back
};

inline std::string ReasonOf(const absl::Status& status) {
  return GetErrorDetails(status).reason;
}

}  // namespace warmup

#endif  // WARMUP_TESTS_ADAPTERS_ENGINES_EXEC_EXEC_FIXTURE_H_
