// The runtime's log of use: into the store, and out of it again.

#include <utility>

#include "core/base/error.h"
#include "core/base/limits.h"
#include "core/runtime/runtime.h"

namespace warmup {

void Runtime::KeepUses(std::vector<UseRecord> uses) {
  for (UseRecord& use : uses) {
    if (unsaved_uses_.size() == limits::kMaxUnsavedUses) {
      unsaved_uses_.pop_front();
    }
    unsaved_uses_.push_back(std::move(use));
  }
}

void Runtime::SaveUses() {
  MutexLock lock(mutex_);
  if (unsaved_uses_.empty() || is_saving_uses_) return;
  std::vector<StoreChange> changes;
  changes.reserve(unsaved_uses_.size());
  for (UseRecord& use : unsaved_uses_) {
    changes.push_back(AppendUse{std::move(use)});
  }
  unsaved_uses_.clear();
  is_saving_uses_ = true;
  // Also after an error: then they wait in the writer, which has a bound of
  // its own for them.
  writer_.Enqueue(std::move(changes), [this](const absl::Status&) {
    MutexLock done_lock(mutex_);
    is_saving_uses_ = false;
  });
}

void Runtime::ReadUses(const UseQuery& query,
                       Done<std::vector<UseRecord>> done) {
  bool is_stopping = false;
  {
    MutexLock lock(mutex_);
    is_stopping = is_stopping_;
  }
  if (is_stopping) {
    done(StoppingError());
    return;
  }
  workers_.Run([this, query, done = std::move(done)] {
    // What comes while the log is being read is behind its end anyway.
    if (query.after.number == UsePosition().number) {
      // Those that are on their way, then the rest. It tells its error itself.
      writer_.Flush().IgnoreError();
      SaveUses();
      writer_.Flush().IgnoreError();
    }
    done(ports_.uses.Read(query));
  });
}

}  // namespace warmup
