#ifndef WARMUP_ADAPTERS_ENGINES_EXEC_CHILD_H_
#define WARMUP_ADAPTERS_ENGINES_EXEC_CHILD_H_

#include <poll.h>
#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "adapters/engines/exec/kin.h"
#include "adapters/engines/exec/output_lines.h"
#include "adapters/engines/exec/spawn.h"
#include "core/base/mutex.h"

namespace warmup::exec {

// How a process ended.
struct ProcessEnd {
  bool was_signalled = false;
  int code = 0;  // its status, or the signal
  // Of its kin, that were still there.
  size_t left_behind = 0;

  // "ended with status 3", "was ended by SIGKILL".
  std::string Text() const;
  // As one does whom somebody asked to: by itself without an error, or by one
  // of the signals that are for asking.
  bool WasAsked() const;
};

// One run of a command: from its start until nothing of it is left. The keeper
// (see keeper.h) does everything to it, on its thread; others see and ask.
//
// When its first process has ended, so is what that one left: at once when it
// ended by itself, after the grace when it was asked to stop.
//
// Thread-safe, but for what is marked as the keeper's. Lives until nobody has
// it any more; a process that is not gone by then is killed with the keeper's
// thread.
class Child {
 public:
  struct Options {
    Launch launch;
    std::string marker;
    int stop_signal = 0;
    std::string awaited_line;
    // Called on the keeper's thread.
    OutputLines::OnLine on_line = [](std::string_view) {};
    // It ended by itself after MarkReady.
    std::function<void(const ProcessEnd& end, const std::string& last_words)>
        on_lost = [](const ProcessEnd&, const std::string&) {};
  };
  // What is known of it.
  struct View {
    absl::Status spawn;         // whether there is a process
    bool runs_program = false;  // and it has come to run it
    std::optional<LaunchFailure> failure;
    std::optional<ProcessEnd> end;
    bool has_said_awaited = false;
    std::string last_words;  // once it has ended
    bool is_gone = false;    // nothing of it is left
  };

  explicit Child(Options options);
  ~Child() = default;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  const Launch& launch() const { return options_.launch; }
  View view() const ABSL_LOCKS_EXCLUDED(mutex_);
  // Whether its first process lives, now.
  bool IsAlive() const ABSL_LOCKS_EXCLUDED(mutex_);
  // From here on its end is told. False: it has ended.
  bool MarkReady() ABSL_LOCKS_EXCLUDED(mutex_);
  // Its processes; none before it was started and after it is gone.
  std::vector<ProcessInfo> Kin() const ABSL_LOCKS_EXCLUDED(mutex_);
  // What they have in memory: by its cgroup where that counts, else their sum.
  int64_t MemoryBytes(const std::vector<ProcessInfo>& kin) const;

  // Returns when it is known whether there is a process.
  absl::Status AwaitSpawned() ABSL_LOCKS_EXCLUDED(mutex_);
  // False: not within `timeout`.
  bool AwaitEnd(absl::Duration timeout) ABSL_LOCKS_EXCLUDED(mutex_);
  bool AwaitGone(absl::Duration timeout) ABSL_LOCKS_EXCLUDED(mutex_);

  // Asks the keeper to end it: the stop signal, and SIGKILL after the grace.
  // Of several the shortest grace counts. Call it through the keeper.
  void RequestStop(absl::Duration grace) ABSL_LOCKS_EXCLUDED(mutex_);

  // --- The keeper's ---
  void Start() ABSL_LOCKS_EXCLUDED(mutex_);
  void AddTo(std::vector<pollfd>& polls, absl::Time now) const;
  // Does what there is to do. Returns when there is more at the latest.
  absl::Time Advance(absl::Time now) ABSL_LOCKS_EXCLUDED(mutex_);
  bool is_gone() const ABSL_LOCKS_EXCLUDED(mutex_) { return view().is_gone; }

 private:
  void NoticeProgram() ABSL_LOCKS_EXCLUDED(mutex_);
  // True: there may be more.
  bool Drain(absl::Time now, int max_reads) ABSL_LOCKS_EXCLUDED(mutex_);
  void NoticeEnd(absl::Time now) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Time End(absl::Time now) ABSL_LOCKS_EXCLUDED(mutex_);
  void SignalAll(const std::vector<ProcessInfo>& kin, int signal) const;
  void Reap() ABSL_LOCKS_EXCLUDED(mutex_);

  const Options options_;

  // The keeper's.
  Spawned spawned_;
  OutputLines lines_;
  absl::Time listen_at_ = absl::InfinitePast();  // not before
  bool has_ended_ = false;
  bool has_signalled_ = false;
  absl::Time stopped_at_ = absl::InfiniteFuture();
  absl::Duration pause_;

  mutable Mutex mutex_;
  CondVar changed_;
  bool is_spawned_ ABSL_GUARDED_BY(mutex_) = false;  // or could not be
  bool is_ready_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<absl::Duration> grace_ ABSL_GUARDED_BY(mutex_);
  View view_ ABSL_GUARDED_BY(mutex_);
  Leader leader_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace warmup::exec

#endif  // WARMUP_ADAPTERS_ENGINES_EXEC_CHILD_H_
